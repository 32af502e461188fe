"""Builds the terminal output of the commands about contexts (named Polysync apps)."""
