"""Defines the HTTP, MCP, queue and timer functions that the Functions host calls."""
