"""Measures the embedded host with a large history of stored runs."""
