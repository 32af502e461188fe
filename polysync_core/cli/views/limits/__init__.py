"""Prints holds and the usage of limits."""
