"""Checks the deadlines of Tasks when they pass, and reports the missed ones."""
