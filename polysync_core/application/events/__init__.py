"""Publishes the events of runs to a queue, and delivers the events to webhooks."""
