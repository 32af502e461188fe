"""Shares clouds, attributes, sign-in, refusals and answers among Azure platforms."""
