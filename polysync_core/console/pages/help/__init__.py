"""Serves the user documentation and the API reference as HTML pages."""
