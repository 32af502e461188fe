"""Defines runs, and decides run transitions, retries, polls and stored outputs."""
