"""A token that is fetched when it is needed and kept until shortly before it expires."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from polysync_core.domain.secrets import Secret

EXPIRY_MARGIN_SECONDS = 300
"""A token is renewed this long before it expires, so that none expires on its way."""


@dataclass(frozen=True, slots=True)
class IssuedToken:
    """A token, and when it is over, in seconds since 1970."""

    token: Secret
    expires_on: float


class CachedToken:
    """The present token of one sign-in; safe for threads, which all wait for the same one.

    `issue` fetches a token, or raises `PlatformRefused` (cause `Secret`) or `Unavailable`;
    `forget` drops what it remembers of the secrets that it signs in with.
    """

    def __init__(
        self,
        issue: Callable[[], IssuedToken],
        *,
        forget: Callable[[], None] = lambda: None,
        margin: float = EXPIRY_MARGIN_SECONDS,
        now: Callable[[], float] = time.time,
    ) -> None:
        self._issue = issue
        self._forget = forget
        self._margin = margin
        self._now = now
        self._held: IssuedToken | None = None
        self._lock = threading.Lock()

    def token(self) -> Secret:
        """Return a token with some time to live."""
        with self._lock:
            held = self._held
            if held is None or held.expires_on - self._now() < self._margin:
                held = self._held = self._issue()
            return held.token

    def renew(self) -> None:
        """Forget the token and the secrets behind it; the next token comes from fresh ones."""
        with self._lock:
            self._held = None
            self._forget()


def is_sendable(token: str) -> bool:
    """Tell whether a header can hold a token.

    `http.client` would quote an impossible header, token and all, in its error.
    """
    return bool(token) and token.isascii() and token.isprintable() and " " not in token
