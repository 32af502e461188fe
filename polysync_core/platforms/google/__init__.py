"""Shares attributes, sign-in, error mapping and paged lists between the Google Cloud platforms."""
