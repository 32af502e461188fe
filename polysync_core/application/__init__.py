"""Implements the use cases that the HTTP API, the triggers and the activities call."""
