"""Defines the HTTP, MCP, queue and timer functions that the Azure Functions host calls."""
