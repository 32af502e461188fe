"""Submits, polls and stops an attempt of a run on its platform."""
