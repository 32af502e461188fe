"""Compares the parameters found by the artefact parsers with an independent text search."""
