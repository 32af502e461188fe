"""Defines failure causes and failure details, groups failed runs, and decides retries."""
