"""Implements the CLI commands for definitions and platform artefacts."""
