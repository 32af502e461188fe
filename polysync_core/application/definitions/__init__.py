"""Use cases that edit definitions and act on the changes."""
