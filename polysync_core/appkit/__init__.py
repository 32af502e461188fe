"""Runs Databricks jobs by job keys, compatible with the jobs plugin of AppKit."""
