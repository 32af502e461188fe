"""Defines the rules of dependencies: tokens, gates and mappings."""
