"""Finds, reads and joins the files of definitions that a command names."""
