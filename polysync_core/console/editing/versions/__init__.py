"""Shows the versions of a definition."""
