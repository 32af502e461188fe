"""Sends HTTP requests and signs in, for platforms and vaults."""
