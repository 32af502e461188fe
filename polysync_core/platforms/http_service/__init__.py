"""Starts and polls jobs of any HTTP service, by calls that the Job describes."""
