"""Holds and releases starts, and shows the usage of limits."""
