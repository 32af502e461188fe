"""Connectors: one package a platform, one module a job type."""
