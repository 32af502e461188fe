"""Finds the right command for one that has the words or options of another tool."""
