"""The Copilot's tools: what a model may ask for, as requests of the API in this process.

A tool asks the routes of the API as its caller: roles, validation and audit are those of HTTP.
"""
