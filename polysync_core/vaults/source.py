"""Defines the interface that reads the secrets of one vault."""

from __future__ import annotations

from typing import Protocol

from polysync_core.domain.security.secrets import Secret


class SecretSource(Protocol):
    """A live connection to one vault; safe to share between threads.

    Both calls raise `PlatformRefused` (cause `Secret`; final) or `Unavailable` (try later).
    No error holds a secret.
    """

    def read(self, name: str) -> Secret:
        """Return the current value of a secret."""
        ...

    def test(self) -> str:
        """Make one cheap call and describe the reached service in a sentence."""
        ...
