"""Validates definitions and documents, and reports errors and warnings."""
