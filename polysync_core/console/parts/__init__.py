"""Builds the small parts of pages: statuses, times, tables and notices."""
