"""Runs the pipelines of an Azure Synapse workspace."""
