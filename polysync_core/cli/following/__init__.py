"""Follows runs and graph runs to their ends."""
