"""Defines notifications: messages for people about runs."""
