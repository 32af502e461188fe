"""Shares attributes, sign-in, paged lists and error mapping between the Azure platforms."""
