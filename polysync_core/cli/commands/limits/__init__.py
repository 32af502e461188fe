"""Implements the CLI commands for holds on run starts, and for limit usage."""
