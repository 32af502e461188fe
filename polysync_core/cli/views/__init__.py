"""Builds the terminal output of commands from JSON responses of the API."""
