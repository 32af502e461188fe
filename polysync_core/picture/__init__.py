"""Computes the layout of Task graphs for drawings, and writes SVG paths."""
