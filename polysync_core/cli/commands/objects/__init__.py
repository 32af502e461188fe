"""Implements the commands that list, show, change and delete objects by kind and name."""
