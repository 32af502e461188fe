"""Publishes the events of runs to a queue, and delivers them to webhooks."""
