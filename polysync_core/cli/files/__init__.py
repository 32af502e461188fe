"""Finds, reads and joins the files of definitions."""
