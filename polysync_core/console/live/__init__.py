"""Serves the streams of pages, while something on them can change."""
