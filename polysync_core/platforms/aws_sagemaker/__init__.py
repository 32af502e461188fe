"""Runs the pipelines of Amazon SageMaker."""
