"""Serves the HTTP API with FastAPI, independent of Azure Functions."""
