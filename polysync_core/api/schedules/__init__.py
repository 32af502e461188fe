"""Serves the API routes for schedules, fire times, deadlines, cron previews and backfills."""
