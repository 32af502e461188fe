"""Plans the polls of an attempt."""
