"""Compares Jobs with their artefacts."""
