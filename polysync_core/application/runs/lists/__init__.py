"""Reads what is beside a list of runs: figures, reasons and groups of failures."""
