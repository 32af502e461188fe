"""Builds the terminal tables of audit entries and poison messages."""
