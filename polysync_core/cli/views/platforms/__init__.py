"""Builds the terminal output of runs on platforms and of Databricks job keys."""
