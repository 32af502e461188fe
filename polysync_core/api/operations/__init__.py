"""Serves the routes for operators, such as audit entries, poison messages and connection tests."""
