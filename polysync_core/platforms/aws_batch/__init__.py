"""Runs AWS Batch jobs from existing job definitions."""
