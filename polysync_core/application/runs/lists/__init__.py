"""Reads the figures, reasons and groups of failures beside a list of runs."""
