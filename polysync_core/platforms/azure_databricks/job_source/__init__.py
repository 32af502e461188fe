"""Reads the parameters of Databricks jobs from the settings of these jobs."""
