"""Applies an exported JSON Schema to parameters as Zod applies its own schema."""
