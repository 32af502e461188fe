"""Simulates the Cloud Functions API, functions that tests define, and the function `publish`."""
