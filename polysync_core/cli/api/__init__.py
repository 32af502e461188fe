"""Calls the HTTP API for the command line, and decodes its answers and errors."""
