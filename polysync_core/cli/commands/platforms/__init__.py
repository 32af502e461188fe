"""Implements the CLI commands that list runs on platforms and Databricks job keys."""
