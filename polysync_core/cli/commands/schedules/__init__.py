"""Implements the CLI commands for schedules, fire times, deadlines, events and backfills."""
