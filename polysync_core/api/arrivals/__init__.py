"""Serves the routes that receive events and show the event triggers of Tasks."""
