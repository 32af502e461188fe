"""Defines failure causes, problems of a run, failure details and retries."""
