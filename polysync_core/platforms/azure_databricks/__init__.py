"""Runs notebooks, jobs, workflows and pipelines of an Azure Databricks workspace."""
