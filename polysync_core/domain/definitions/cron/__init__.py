"""Parses and checks cron expressions, and finds the matching dates."""
