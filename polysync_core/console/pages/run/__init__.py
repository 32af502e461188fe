"""Serves the HTML page of one run, with its actions."""
