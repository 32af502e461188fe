"""Receives events and starts the runs of the Tasks that wait for them."""
