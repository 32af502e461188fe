"""Resolves the names of the data sets that a run reads and writes, for lineage."""
