"""Implements the local host, which runs a Functions app on one machine."""
