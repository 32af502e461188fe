"""Checks definitions and documents, and words their errors and warnings."""
