"""A stand-in for the pipelines of Azure Data Factory and of Azure Synapse, over HTTP.

It speaks the part of both APIs that runs pipelines, and carries out what a pipeline needs to be
worth watching: it waits, fails, sets its return value, and can be stopped.
"""
