"""Runs notebooks: reading their cells, `dbutils`, and a process for each run."""
