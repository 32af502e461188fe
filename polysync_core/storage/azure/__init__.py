"""Implements tables and queues on Azure Storage."""
