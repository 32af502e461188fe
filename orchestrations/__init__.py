"""Defines the orchestrations, the Dispatcher entity and the activities of Durable Functions."""
