"""Stores definitions, runs, schedules, gates, audit entries and poison messages in tables."""
