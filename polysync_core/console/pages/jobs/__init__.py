"""Serves the HTML pages of Jobs: list, editor, drift, platform runs and Execute Now."""
