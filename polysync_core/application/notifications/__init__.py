"""Collects events of runs to messages, and sends them to receivers."""
