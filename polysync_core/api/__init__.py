"""Serves Polysync's HTTP API with FastAPI, independent of Azure Functions."""
