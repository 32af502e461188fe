"""Formats text, tables, times and colours for the terminal."""
