"""Translates the triggers of the Functions host into use cases."""
