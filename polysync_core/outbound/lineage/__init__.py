"""Builds OpenLineage events of runs, and sends the events to a service or file."""
