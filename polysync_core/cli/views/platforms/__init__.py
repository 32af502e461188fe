"""Prints runs of a platform, job keys and their runs."""
