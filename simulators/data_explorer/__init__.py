"""Simulates the queries, commands and operations of an Azure Data Explorer cluster."""
