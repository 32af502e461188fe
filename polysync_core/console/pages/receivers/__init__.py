"""Serves the list and the editor of receivers of notifications."""
