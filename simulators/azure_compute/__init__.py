"""Simulates a cluster of Azure Kubernetes Service, on the loopback interface only."""
