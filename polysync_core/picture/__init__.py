"""Computes the layout of graphs for every kind of picture."""
