"""The pipelines of Azure Synapse."""
