"""Runs jobs of an Azure Machine Learning workspace (Azure AI Foundry)."""
