"""Outgoing HTTP and sign-in, shared by platforms and vaults."""
