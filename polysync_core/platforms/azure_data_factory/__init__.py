"""Azure Data Factory: runs its pipelines."""
