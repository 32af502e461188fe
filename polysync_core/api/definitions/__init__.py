"""Serves the routes that read, write, apply, export and import definitions."""
