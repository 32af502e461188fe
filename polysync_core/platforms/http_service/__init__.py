"""Runs jobs of any HTTP service, by calls that the Job's settings define."""
