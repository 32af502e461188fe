"""Serves the people who operate the app: audit and documentation."""
