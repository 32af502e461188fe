"""Syncs, fires, previews, pauses and backfills schedules."""
