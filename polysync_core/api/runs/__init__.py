"""Serves the API routes for runs, failure details, dependency gates, limits and the Task graph."""
