"""Shares attributes, sign-in, refusals and paged lists between the platforms of Google Cloud."""
