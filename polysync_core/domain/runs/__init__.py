"""Defines runs: values, transitions, retries, polls and outputs."""
