"""Shared by the function platforms: HTTP calls, states, parameters and outputs."""
