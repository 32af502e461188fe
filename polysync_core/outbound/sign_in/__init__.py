"""Checks sign-in methods, gets access tokens, and signs requests."""
