"""Orchestrates jobs on several platforms and scales to zero."""
