"""Reads the cells and widgets of notebooks."""
