"""Reads run counts, wait reasons and failure groups for lists of runs."""
