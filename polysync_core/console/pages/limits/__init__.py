"""Serves the HTML pages of limits, their usage and waiting runs, and holds on starts."""
