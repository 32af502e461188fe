"""Defines the objects that users configure, such as Jobs, Tasks and platforms."""
