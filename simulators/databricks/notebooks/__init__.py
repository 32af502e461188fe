"""Executes notebooks in separate processes, with a partial `dbutils`."""
