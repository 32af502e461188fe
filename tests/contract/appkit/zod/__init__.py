"""Compares the verdicts of Zod with those of Polysync on exported schemas."""
