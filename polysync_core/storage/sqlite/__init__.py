"""Stores tables and queues in one SQLite file, for an app on one machine."""
