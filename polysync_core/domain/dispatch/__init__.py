"""Which waiting runs may start: a pure state machine."""
