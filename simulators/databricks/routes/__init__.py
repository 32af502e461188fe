"""Serves the HTTP routes for jobs, pipelines, sign-in and test control."""
