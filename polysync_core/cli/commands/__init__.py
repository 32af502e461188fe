"""Implements the commands, grouped by the objects that they act on."""
