"""Reads the parameters of jobs from their settings."""
