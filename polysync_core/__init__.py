"""Polysync: a cross-platform job orchestrator that scales to zero."""
