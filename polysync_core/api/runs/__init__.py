"""Serves the routes for task runs, waiting runs, gates and the Task graph."""
