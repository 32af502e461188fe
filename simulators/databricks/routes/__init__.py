"""Serves the routes for jobs, pipelines and tests."""
