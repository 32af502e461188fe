"""Completes names of Tasks, Jobs and other objects in the user's shell (tab completion)."""
