"""Calls the HTTP API for CLI commands, and decodes its JSON responses and errors."""
