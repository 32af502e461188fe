"""Executes orchestrations, entities and activities in the process of the local host."""
