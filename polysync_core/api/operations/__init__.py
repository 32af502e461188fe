"""Routes for operators: audit, documentation, connection tests and poison messages."""
