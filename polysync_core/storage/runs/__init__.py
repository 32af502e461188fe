"""Stores runs, indexes them for lists, and deletes expired runs."""
