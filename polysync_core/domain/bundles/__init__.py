"""Defines bundles: folders of definitions with variables, targets and an owner."""
