"""Connectors, with one package per platform and one module per job type."""
