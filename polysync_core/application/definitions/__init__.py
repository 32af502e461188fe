"""Edits definitions and acts on the changes."""
