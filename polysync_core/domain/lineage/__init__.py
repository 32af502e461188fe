"""Defines the data sets of a run, for lineage."""
