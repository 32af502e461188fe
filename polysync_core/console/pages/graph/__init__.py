"""Serves the HTML page of the graph of Tasks."""
