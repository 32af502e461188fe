"""Completes object names in the user's shell (tab completion)."""
