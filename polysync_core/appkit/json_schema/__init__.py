"""Applies a JSON Schema to parameters as Zod applies the schema that was exported to it."""
