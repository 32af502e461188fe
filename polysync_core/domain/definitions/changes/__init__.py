"""Compares, merges and records the versions of a definition."""
