"""Describes the types that plugins add to definitions, and the fields of each type."""
