"""The Dispatcher's rules: a pure state machine that decides which waiting runs start."""
