"""Measures the performance figures of docs/reference/performance.md."""
