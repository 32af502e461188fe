"""Defines connectors and plugins, and connects to each platform type in its own package."""
