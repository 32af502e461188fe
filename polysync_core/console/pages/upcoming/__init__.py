"""Serves the HTML page that lists the upcoming fire times of all Tasks."""
