"""Compares the parameters that Polysync's parsers find in notebooks with a text search."""
