"""Measures the Azure Functions app: import time and storage operations."""
