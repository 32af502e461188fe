"""Serves the HTTP API by a FastAPI app that is independent of Azure Functions."""
