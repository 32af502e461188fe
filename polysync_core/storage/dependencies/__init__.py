"""Stores dependency gates of Tasks, and the wait limits of dependencies."""
