"""Runs queries and management commands in the databases of an Azure Data Explorer cluster."""
