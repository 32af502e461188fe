"""Serves the routes that run Jobs, with the protocol of AppKit's jobs plugin."""
