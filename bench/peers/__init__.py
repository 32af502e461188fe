"""Compares Polysync with other orchestrators on the same work (`make bench-peers`)."""
