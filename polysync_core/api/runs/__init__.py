"""Routes to start, read, explain and cancel runs."""
