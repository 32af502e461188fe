"""Serves the documentation of the app and the reference of its API."""
