"""Composes and limits notifications, which are messages to people about runs."""
