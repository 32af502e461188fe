"""Serves the quick search that opens console pages by name or run id."""
