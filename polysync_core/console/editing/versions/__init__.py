"""Draws the HTML pages of a definition's saved versions."""
