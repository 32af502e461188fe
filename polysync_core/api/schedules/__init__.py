"""Serves the routes that list, preview, pause, resume and backfill schedules."""
