"""Serves the HTML pages that list and edit receivers of notifications."""
