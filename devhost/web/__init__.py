"""Serves HTTP triggers and MCP for the local host."""
