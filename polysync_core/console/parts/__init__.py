"""Builds the reusable HTML elements of console pages, such as tables, badges and times."""
