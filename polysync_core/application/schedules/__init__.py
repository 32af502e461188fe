"""Use cases that sync, fire, preview, pause and backfill schedules."""
