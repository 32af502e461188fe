"""Stores task runs, lists them by indexes, and deletes expired ones."""
