"""Azure Synapse: runs the pipelines of a workspace."""
