"""Calls the HTTP API and decodes its answers and errors."""
