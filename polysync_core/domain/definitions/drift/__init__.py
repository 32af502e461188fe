"""Compares a Job with the platform artefact that the Job describes."""
