"""Measures the readings of artefacts in a folder against an independent text search."""
