"""Serves the HTTP functions and the MCP functions of the app."""
