"""Runs the pipelines of Data Factory and Synapse, which share one engine."""
