"""Serves the HTML pages that list and edit webhooks, and show their deliveries."""
