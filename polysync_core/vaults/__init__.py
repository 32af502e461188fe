"""Reads secrets from secret managers, with one module per provider."""
