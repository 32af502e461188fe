"""Serves the web console: pages in HTML that call the same use cases as the API."""
