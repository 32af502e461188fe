"""Implements the CLI commands for contexts (named Polysync apps) and sign-in."""
