"""Computes the fire times of schedules, and decides which fire times create runs."""
