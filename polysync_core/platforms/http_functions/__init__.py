"""Calls functions over HTTP, for Azure Functions and Google Cloud Functions."""
