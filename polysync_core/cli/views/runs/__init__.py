"""Builds the terminal output of the commands about runs and the Task graph."""
