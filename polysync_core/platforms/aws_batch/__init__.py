"""Runs jobs of AWS Batch from their job definitions."""
