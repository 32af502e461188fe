"""Implements the CLI commands for the embedded host on the local machine."""
