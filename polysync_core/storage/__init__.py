"""Stores definitions, runs, schedules and gates in Table Storage."""
