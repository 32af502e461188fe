"""Measures the figures of docs/reference/performance.md; never part of a test."""
