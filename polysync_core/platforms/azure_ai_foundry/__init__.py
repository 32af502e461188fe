"""Runs copies of the template jobs of an Azure Machine Learning workspace.

Polysync calls such a workspace a platform of the type Azure AI Foundry. A template job is a job of
the workspace that a Job names. Each run is a new job with a copy of the template's definition.
"""
