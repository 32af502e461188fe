"""Measures the Functions app: its import, and its storage operations."""
