"""Task runs: their values, their life and their identity."""
