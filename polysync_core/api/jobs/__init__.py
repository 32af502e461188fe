"""Routes that run Jobs, in the form of the AppKit jobs plugin."""
