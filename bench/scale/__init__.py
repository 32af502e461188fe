"""Computes and simulates the maximum load of a deployment in Azure."""
