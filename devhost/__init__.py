"""Runs the app on one machine as the Azure Functions host does."""
