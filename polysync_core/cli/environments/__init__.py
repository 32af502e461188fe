"""Stores contexts, and signs in to the app of a context."""
