"""Serves the web console as HTML pages, on the same use cases as the API."""
