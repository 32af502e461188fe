"""Computes the consequences of a planned change, one module for each kind of definition."""
