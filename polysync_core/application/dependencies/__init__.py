"""Notifies dependents of ended runs, executes decisions of gates, and reads the Task graph."""
