"""Commands that run Polysync on this machine."""
