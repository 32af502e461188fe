"""Receives events from other systems, and starts the runs of Tasks that match."""
