"""Serves the HTTP routes that are not about runs or the workspace."""
