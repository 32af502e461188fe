"""Builds the terminal output about holds on run starts and limit usage."""
