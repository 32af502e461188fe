"""Serves the routes that read, edit and import definitions."""
