"""Draws the task graph as Mermaid and SVG."""
