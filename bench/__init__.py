"""Measures the figures of docs/reference/performance.md; no test depends on it."""
