"""The rules of schedules: fire times, misfires, overlaps and clock changes."""
