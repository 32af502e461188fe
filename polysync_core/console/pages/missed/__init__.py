"""Serves the HTML page of skipped runs, missed fire times and other missed work."""
