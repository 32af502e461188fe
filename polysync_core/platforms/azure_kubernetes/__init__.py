"""Runs copies of Jobs and of CronJob templates on Azure Kubernetes Service (AKS)."""
