"""Serves the HTML pages of the console, with one package per subject."""
