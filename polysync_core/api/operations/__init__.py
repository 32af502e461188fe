"""Serves the routes for operators: audit, documentation, tests, poison messages."""
