"""Measures what docs/reference/performance.md states; never part of a test."""
