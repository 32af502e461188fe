"""Simulates AWS: the Security Token Service, and one module for each service."""
