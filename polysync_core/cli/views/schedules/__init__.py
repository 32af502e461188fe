"""Builds the terminal output about schedules, fire times, deadlines, events and backfills."""
