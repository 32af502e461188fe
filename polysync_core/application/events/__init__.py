"""Publishes the events of runs to queues and webhooks."""
