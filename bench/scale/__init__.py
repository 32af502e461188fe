"""Computes and simulates the largest load of a deployment in Azure."""
