"""Builds the views of the audit and of abandoned messages."""
