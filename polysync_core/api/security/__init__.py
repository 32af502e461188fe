"""Authentication, authorization and the audit of requests."""
