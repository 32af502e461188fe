"""The MCP server: tools, documents and prompts for a model, as requests to the API in process.

A tool calls the routes of the API as its caller. So roles, validation and audit are those of HTTP.
"""
