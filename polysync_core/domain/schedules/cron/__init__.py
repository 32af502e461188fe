"""Describes cron expressions in English words, and warns about unexpected effects."""
