"""Serves the page of upcoming fire times."""
