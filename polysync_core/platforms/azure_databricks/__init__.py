"""Azure Databricks: the connector and its job types."""
