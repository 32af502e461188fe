"""Measures the host of one machine with many stored runs."""
