"""Serves the HTML pages that list, edit, run, pause and backfill Tasks."""
