"""What Azure Data Factory and Azure Synapse share: one pipeline engine behind two addresses."""
