"""Serves the routes that preview, pause, resume and backfill schedules."""
