"""Runs orchestrations, entities, activities and timers for the local host."""
