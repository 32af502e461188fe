"""Commands for schedules and backfills, one module for each command."""
