"""Implements the MCP tools, resources and prompts by requests to the API.

A tool calls the routes of the API as its caller. So roles, validation and audit are those of HTTP.
"""
