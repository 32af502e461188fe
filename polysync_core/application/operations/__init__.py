"""Stores audit entries and poison messages, and searches the documentation."""
