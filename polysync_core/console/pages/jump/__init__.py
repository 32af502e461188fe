"""Serves the search that leads to any page by a name or a run id."""
