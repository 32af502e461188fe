"""Measures the embedded host with many stored runs."""
