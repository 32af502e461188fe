"""Sends lineage of runs (data sets read and written) to an OpenLineage service."""
