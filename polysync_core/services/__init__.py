"""Constructs the use cases of the app, each with the objects that it needs."""

from polysync_core.services.app import Services

__all__ = ["Services"]
