"""Implements the CLI commands that start, list, follow, cancel and rerun runs."""
