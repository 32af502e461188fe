"""Implements the CLI commands that list, show, edit and delete Jobs, Tasks and other objects."""
