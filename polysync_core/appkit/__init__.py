"""The jobs plugin of Databricks AppKit: Databricks jobs by short names, for HTTP and for Python."""
