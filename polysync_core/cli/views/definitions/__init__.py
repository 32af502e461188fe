"""Builds the terminal output of the commands about definitions and artefacts."""
