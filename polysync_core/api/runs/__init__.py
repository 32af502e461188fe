"""Serves the routes that start, read, explain and cancel runs."""
