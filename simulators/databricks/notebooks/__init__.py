"""Executes notebooks, each in its own process with a partial `dbutils`."""
