"""Implements the blocking Python client of the API, generated from `polysync.aio`."""
