"""Describes a cron expression in words, and names its unexpected effects."""
