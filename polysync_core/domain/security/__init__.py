"""Defines roles, access keys, secret references, redaction and the audit entry."""
