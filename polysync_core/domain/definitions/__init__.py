"""Defines the kinds of definition, their rules, and the ports of their store."""
