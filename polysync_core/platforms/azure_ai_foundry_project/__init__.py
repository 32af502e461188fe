"""Runs agents, evaluations and model calls of an Azure AI Foundry project."""
