"""Defines caller roles, access keys, secret references, secret redaction and audit entries."""
