"""Calls the API and blocks until the answer; generated from `polysync.aio`."""
