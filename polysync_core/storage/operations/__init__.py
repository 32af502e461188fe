"""Stores the audit, poison messages and recent results, and deletes old rows."""
