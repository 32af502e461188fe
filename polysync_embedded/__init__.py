"""Runs the whole app in one process on one machine, without Azure Functions."""
