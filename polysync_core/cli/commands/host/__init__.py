"""Implements the commands of the host on one machine."""
