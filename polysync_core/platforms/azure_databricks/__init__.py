"""Azure Databricks: runs notebooks, jobs, workflows and pipelines of a workspace."""
