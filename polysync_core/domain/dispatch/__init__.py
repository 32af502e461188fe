"""Decides which queued runs may start within the limits, as a pure state machine."""
