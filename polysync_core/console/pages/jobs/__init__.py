"""Serves the pages of Jobs: list, editor, drift, runs on the platform, and Execute Now."""
