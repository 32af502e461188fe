"""Implements the commands for the audit, abandoned messages, versions and help."""
