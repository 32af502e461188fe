"""Draws the graph of Tasks as a Mermaid flowchart or an SVG picture."""
