"""Simulates Azure Kubernetes Service, Container Apps and Batch, on the loopback interface only."""
