"""Starts executions of Azure Container Apps jobs, with parameters as environment variables."""
