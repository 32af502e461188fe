"""Implements the commands for runs, one module each."""
