"""Serves the API route that lists skipped runs, missed fire times and other missed work."""
