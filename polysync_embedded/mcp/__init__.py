"""Serves tools, resources and prompts to MCP clients, as the Functions extension does."""
