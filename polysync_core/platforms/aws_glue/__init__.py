"""Runs the jobs of AWS Glue."""
