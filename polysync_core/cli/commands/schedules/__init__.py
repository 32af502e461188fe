"""Implements the commands for schedules and backfills, one module each."""
