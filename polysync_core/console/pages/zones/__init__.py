"""Serves the search for time zones by city or country."""
