"""The rules of dependencies: tokens, gates and mappings."""
