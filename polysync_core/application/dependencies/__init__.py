"""Notifies dependent Tasks of ended runs, and reads the dependency graph of Tasks."""
