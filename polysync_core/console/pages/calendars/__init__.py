"""Serves the list and the editor of calendars."""
