"""Runs copies of the pipeline jobs, custom jobs and batch prediction jobs of Vertex AI."""
