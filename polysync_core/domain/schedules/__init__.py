"""Schedules: when they fire, computed from their rules alone."""
