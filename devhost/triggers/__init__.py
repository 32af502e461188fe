"""Calls the app's functions on timers and on queue messages."""
