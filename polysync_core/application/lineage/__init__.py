"""Sends the events of runs to a lineage service."""
