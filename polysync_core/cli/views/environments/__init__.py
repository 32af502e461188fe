"""Builds the views of contexts."""
