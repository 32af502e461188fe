"""Decides which waiting runs start, as a pure state machine."""
