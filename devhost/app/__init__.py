"""Loads the Azure Functions app, and calls its functions."""
