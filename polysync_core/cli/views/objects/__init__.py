"""Builds the views of objects by kind and name."""
