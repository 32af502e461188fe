"""Stores audit entries, poison messages and recent test results, and deletes old rows."""
