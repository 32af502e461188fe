"""Implements the CLI commands for audit entries, poison messages, versions and help."""
