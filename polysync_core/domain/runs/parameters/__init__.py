"""Resolves and checks the parameter values of a run."""
