"""Authenticates, authorises and audits requests."""
