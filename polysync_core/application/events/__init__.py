"""Use cases that publish the events of runs to queues and webhooks."""
