"""Serves the pages of graphs."""
