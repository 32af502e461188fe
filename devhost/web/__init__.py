"""The web server of the local host: HTTP triggers and MCP."""
