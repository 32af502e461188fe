"""Implements the CLI commands that list, show, edit and delete objects by kind."""
