"""Defines runs, and decides their transitions, retries, polls and stored outputs."""
