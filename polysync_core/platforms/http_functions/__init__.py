"""Shares HTTP calls, states, parameters and outputs among the function platforms."""
