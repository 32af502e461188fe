"""Schedules: kept in line with definitions, fired, paused, and gone through again."""
