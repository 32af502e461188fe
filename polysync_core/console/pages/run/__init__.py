"""Serves the page of one run and its actions."""
