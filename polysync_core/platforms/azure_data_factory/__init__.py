"""Runs the pipelines of Azure Data Factory."""
