"""Implements a local Functions host, which runs a Functions app on one machine."""
