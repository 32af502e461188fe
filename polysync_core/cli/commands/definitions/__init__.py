"""Implements the commands for definitions and artefacts, one module each."""
