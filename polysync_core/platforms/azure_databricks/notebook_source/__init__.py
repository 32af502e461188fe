"""Reads the cells of a notebook, and the widgets that become Job parameters."""
