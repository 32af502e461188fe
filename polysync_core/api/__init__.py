"""The HTTP API: a FastAPI app that is independent of Azure Functions."""
