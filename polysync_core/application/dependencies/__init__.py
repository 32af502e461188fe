"""Notifies the dependents of ended runs, executes gates, and reads the Task graph."""
