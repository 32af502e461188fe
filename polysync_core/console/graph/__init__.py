"""Draws graphs of Tasks as SVG pictures whose boxes are links."""
