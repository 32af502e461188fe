"""Serves the list of work that did not happen."""
