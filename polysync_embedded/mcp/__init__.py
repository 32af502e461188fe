"""Serves MCP tools, resources and prompts as the Azure Functions MCP extension does."""
