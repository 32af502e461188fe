"""Identifies callers, checks their roles, limits request bodies, and writes audit entries."""
