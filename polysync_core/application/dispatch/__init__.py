"""Reads the usage of contention limits, and controls holds of starts."""
