"""Implements the asynchronous Python client of the API, from which `polysync.sync` is generated."""
