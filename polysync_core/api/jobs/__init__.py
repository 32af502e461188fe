"""Serves the API routes that start, read and cancel job runs (compatible with AppKit)."""
