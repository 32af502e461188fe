"""Validates parameters against a JSON Schema as the JavaScript library Zod does."""
