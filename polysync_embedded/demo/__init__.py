"""Implements `polysync demo`: runs an example lakehouse end to end on this machine."""
