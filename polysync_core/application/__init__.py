"""Implements the use cases that the API, the triggers and the activities call."""
