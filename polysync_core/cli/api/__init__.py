"""The HTTP API from the side of its client: calls, answers as values, errors."""
