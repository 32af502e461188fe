"""Builds the terminal output that lists or describes objects of any kind."""
