"""Defines the orchestrations, the Dispatcher entity, the activities and the engine's client."""
