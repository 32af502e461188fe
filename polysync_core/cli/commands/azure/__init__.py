"""Implements the commands that prepare a deployment to Azure."""
