"""Draws the graph of Tasks as an SVG picture with a clickable box per Task."""
