"""Serves the list of runs, groups of failures, and actions on many runs."""
