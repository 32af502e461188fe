"""Implements the commands for contexts and sign-in."""
