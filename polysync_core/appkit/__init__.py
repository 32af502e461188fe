"""Databricks jobs by short names: the surface of AppKit's jobs plugin, for HTTP and for Python."""
