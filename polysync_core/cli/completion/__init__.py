"""Completes the names of objects in shells."""
