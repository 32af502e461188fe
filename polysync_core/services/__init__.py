"""Builds each use case of one app once."""

from polysync_core.services.app import Services

__all__ = ["Services"]
