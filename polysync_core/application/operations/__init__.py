"""Records audit entries, poison messages and connection tests, and searches the documentation."""
