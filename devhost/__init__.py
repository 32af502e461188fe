"""Implements a local Azure Functions host, which runs the app on one machine."""
