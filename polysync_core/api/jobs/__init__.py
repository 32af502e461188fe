"""Serves the routes that start, read and cancel the runs of jobs (AppKit surface)."""
