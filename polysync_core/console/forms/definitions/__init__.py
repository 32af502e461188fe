"""Builds the forms of the kinds of definition."""
