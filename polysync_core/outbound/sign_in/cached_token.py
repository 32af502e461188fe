"""Caches an access token or access key until shortly before the expiry."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Protocol

from polysync_core.domain.security.secrets import Secret

EXPIRY_MARGIN_SECONDS = 300
"""A token is renewed this long before it expires, so no sent token expires."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token with its expiry, in seconds since 1970."""

    token: Secret
    expires_on: float


class Expiring(Protocol):
    """A credential with an expiry."""

    @property
    def expires_on(self) -> float:
        """The expiry, in seconds since 1970."""
        ...


class CachedCredential[T: Expiring]:
    """Caches the credential of one sign-in; safe for threads, which share one fetch.

    `issue` fetches a credential, or raises `PlatformRefused` (cause `Secret`) or `Unavailable`.
    `forget` drops the cached secrets of the sign-in.
    """

    def __init__(
        self,
        issue: Callable[[], T],
        *,
        forget: Callable[[], None] = lambda: None,
        margin: float = EXPIRY_MARGIN_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._issue = issue
        self._forget = forget
        self._margin = margin
        self._now = now
        self._cached: T | None = None
        self._lock = threading.Lock()

    def current(self) -> T:
        """Return a credential that does not expire soon."""
        with self._lock:
            cached = self._cached
            if cached is None or cached.expires_on - self._now() < self._margin:
                cached = self._cached = self._issue()
            return cached

    def renew(self) -> None:
        """Drop the credential and its secrets; the next one is fetched with fresh secrets."""
        with self._lock:
            self._cached = None
            self._forget()


class CachedToken(CachedCredential[IssuedToken]):
    """Caches the token of one sign-in."""

    def token(self) -> Secret:
        """Return a token that does not expire soon."""
        return self.current().token


def is_sendable(token: str) -> bool:
    """Return whether a header can hold a token.

    `http.client` would quote an invalid header, with the token, in its error.
    """
    return bool(token) and token.isascii() and token.isprintable() and " " not in token
