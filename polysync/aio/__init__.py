"""Calls the API without blocking; `polysync.sync` is generated from this package."""
