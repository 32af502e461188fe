"""Runs the example lakehouse end to end, and shows its results."""
