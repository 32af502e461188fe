"""Authentication, authorisation and audit of requests."""
