"""Runs updates of Delta Live Tables pipelines."""
