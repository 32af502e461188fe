"""Builds OpenLineage events, and sends them to a service or a file."""
