"""Fires, previews, pauses and backfills schedules, and syncs schedule states with Tasks."""
