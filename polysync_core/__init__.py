"""Orchestrates jobs on several execution platforms."""
