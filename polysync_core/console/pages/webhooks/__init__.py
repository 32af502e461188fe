"""Serves the list and the editor of webhooks."""
