"""Routes to preview, pause, resume and backfill schedules."""
