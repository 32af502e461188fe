"""The client of the HTTP API: calls, answers and errors."""
