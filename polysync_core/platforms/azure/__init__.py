"""Provides the attributes, sign-in, lists and refusals that all Azure platforms share."""
