"""Serves the routes for runs, their explanations and failure details, gates, and the Task graph."""
