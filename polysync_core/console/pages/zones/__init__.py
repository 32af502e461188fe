"""Finds time zones by place."""
