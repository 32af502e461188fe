"""Simulates the pipelines of Azure Data Factory and Azure Synapse.

It serves the part of both APIs that runs pipelines. A pipeline can wait, fail, set its return
value and be stopped.
"""
