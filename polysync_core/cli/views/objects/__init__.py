"""Builds the terminal output that lists or describes Jobs, Tasks and other objects."""
