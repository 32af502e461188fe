"""Serves the page of work that did not happen."""
