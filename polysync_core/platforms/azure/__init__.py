"""Shared by the Azure platforms: clouds, attributes, sign-in, refusals and answers."""
