"""Emits traces and metrics, and registers the log actions."""
