"""Implements the CLI commands that prepare a deployment to Azure."""
