"""Connects to platforms: one package per platform, one module per job type."""
