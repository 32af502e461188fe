"""Defines the rules of schedules: fire times, misfires, overlaps, clock changes."""
