"""Serves the HTML pages that list and edit calendars."""
