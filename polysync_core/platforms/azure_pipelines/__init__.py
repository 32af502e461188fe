"""Shared by Azure Data Factory and Azure Synapse, which have the same pipeline engine."""
