"""The HTTP API: a FastAPI app that knows nothing of Functions."""
