"""Defines the cron dialect: its syntax, its values and its checks."""
