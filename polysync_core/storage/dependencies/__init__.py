"""Stores gates, and the wait limits of dependencies."""
