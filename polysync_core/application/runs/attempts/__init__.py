"""Submits, polls and stops an attempt on its platform."""
