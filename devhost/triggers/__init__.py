"""Calls the functions of the app on timers and on queue messages."""
