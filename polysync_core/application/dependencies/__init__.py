"""Starts dependent Tasks when a run ends."""
