"""Reads and caches the public keys with which an OpenID Connect issuer signs tokens.

https://openid.net/specs/openid-connect-discovery-1_0.html
https://www.rfc-editor.org/rfc/rfc7517
"""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import Any

import jwt

from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import Invalid, PolysyncError, Unavailable
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.outbound.call_budget import CallBudget
from polysync_core.outbound.http_exchange import Answer
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.read_client import HEADERS, ReadClient
from polysync_core.outbound.urls import read_url

log = logging.getLogger(__name__)

FRESH_SECONDS = 15 * 60
"""The age after which the keys are read again."""
LIFETIME_SECONDS = 60 * 60
"""The age after which a key is no longer trusted, even if the issuer does not answer."""
PAUSE_SECONDS = 10.0
"""The shortest time between two attempts: tokens with invented keys cannot cause more."""
MIN_RSA_BITS = 2048
MAX_CLOCK_ERROR = 60
"""Seconds by which the clocks of the issuer and of this host may differ."""
_MAX_KEYS = 100
_BUDGET = CallBudget(total=8.0, connect=3.0, read=5.0, attempts=2)
_SIZE_LIMIT = 256 * 1024

_ALGORITHMS: Mapping[tuple[str, str], tuple[str, ...]] = {
    ("RSA", ""): ("RS256", "RS384", "RS512", "PS256", "PS384", "PS512"),
    ("EC", "P-256"): ("ES256",),
    ("EC", "P-384"): ("ES384",),
    ("EC", "P-521"): ("ES512",),
    ("OKP", "Ed25519"): ("EdDSA",),
}
"""The algorithms of each kind of public key. Symmetric keys and `none` are never accepted."""
ALGORITHMS = frozenset(name for names in _ALGORITHMS.values() for name in names)


@dataclass(frozen=True, slots=True, kw_only=True)
class SigningKey:
    """A public key of the issuer."""

    key: Any
    algorithms: tuple[str, ...]
    """The algorithms that this key may verify."""


@dataclass(frozen=True, slots=True, kw_only=True)
class _KeySet:
    keys: Mapping[str | None, SigningKey]
    read_at: float


def default_client(private_hosts: frozenset[str] = frozenset()) -> ReadClient:
    """Return the client that reads documents of the issuer."""
    return ReadClient(budget=_BUDGET, size_limit=_SIZE_LIMIT, private_hosts=private_hosts)


class SigningKeys:
    """The keys of one issuer; safe for threads."""

    def __init__(
        self,
        issuer: str,
        *,
        allow_loopback: bool,
        client: ReadClient,
        monotonic: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuer = issuer
        self._allow_loopback = allow_loopback
        self._client = client
        self._monotonic = monotonic
        self._lock = threading.Lock()
        self._known: _KeySet | None = None
        self._next_attempt = 0.0
        self._served_at: datetime | None = None
        """The time in the issuer's last answer."""

    def find(self, key_id: str | None) -> SigningKey | None:
        """Return a cached key, without any I/O; None if the issuer has no such key.

        Raises `Unavailable` if no keys are known.
        """
        known = self._known
        if known is None or self._monotonic() - known.read_at >= LIFETIME_SECONDS:
            raise Unavailable(
                "the keys of the token issuer cannot be read: try again, or see the log of the app",
                retry_after=PAUSE_SECONDS,
            )
        return _key_of(known, key_id)

    def is_due(self, key_id: str | None) -> bool:
        """Return whether the keys should be read again before a token is refused or accepted."""
        known, now = self._known, self._monotonic()
        if now < self._next_attempt:
            return False
        is_old = known is None or now - known.read_at >= FRESH_SECONDS
        return is_old or _key_of(known, key_id) is None

    def refresh(self) -> None:
        """Read the keys. After a failure, the old keys stay until their lifetime ends."""
        with self._lock:
            try:
                keys = self._read()
            except PolysyncError as error:
                log.warning(
                    "The keys of the token issuer cannot be read.",
                    extra={"action": "issuer_unreadable", "error": str(error)},
                )
            else:
                self._known = _KeySet(keys=keys, read_at=self._monotonic())
            finally:
                self._next_attempt = self._monotonic() + PAUSE_SECONDS

    def test(self, clock: Clock) -> str:
        """Read the keys again, compare the clocks, and return the result as a sentence.

        Raises the failure, with its remedy.
        """
        number, served_at = len(self._read()), self._served_at
        found = f"The issuer answers with {number} usable key{'s' if number > 1 else ''}"
        if served_at is None:
            return f"{found}; its answer has no time to compare."
        error = (clock() - served_at).total_seconds()
        if abs(error) > MAX_CLOCK_ERROR:
            direction = "ahead of" if error > 0 else "behind"
            raise Unavailable(
                f"The clock of this host is {abs(error):.0f} s {direction} the issuer's, so valid "
                "tokens are refused: correct the clock of this host."
            )
        return f"{found}, and the clocks agree."

    def _read(self) -> Mapping[str | None, SigningKey]:
        address = f"{self._issuer.removesuffix('/')}/.well-known/openid-configuration"
        document = self._document("discovery document", address)
        if document.get("issuer") != self._issuer:
            raise Invalid.at(
                "issuer",
                f"the document of {self._issuer} names another issuer: set POLYSYNC_OIDC_ISSUER to "
                "the value of this field",
            )
        keys = dict(_keys_in(self._document("key set", str(document.get("jwks_uri")))))
        if not keys:
            raise Invalid.at(
                "keys",
                f"{self._issuer} has no key that can be used: let the issuer sign with an RSA key "
                f"of at least {MIN_RSA_BITS} bits, an EC key or an Ed25519 key",
            )
        return keys

    def _document(self, name: str, address: str) -> JsonObject:
        try:
            return self._fetched(address)
        except PolysyncError as error:
            raise Unavailable(
                f"The {name} of the token issuer {self._issuer} cannot be read: {error}. Check "
                "POLYSYNC_OIDC_ISSUER, and that this host reaches the address."
            ) from error

    def _fetched(self, address: str) -> JsonObject:
        checked = read_url(address, path="", allow_loopback=self._allow_loopback, allow_port=True)
        request = HttpRequest(method="GET", url=checked.url, headers=HEADERS)
        answer = self._client.send(checked.base, request)
        document = answer.json()
        # A redirect is an answer like any other, and is never followed.
        if answer.status != 200:
            raise Unavailable(f"{checked.base.authority} answers with status {answer.status}")
        if document is None:
            raise Unavailable(f"{checked.base.authority} does not answer with a JSON object")
        self._served_at = _time_of(answer)
        return document


def _time_of(answer: Answer) -> datetime | None:
    try:
        return parsedate_to_datetime(answer.headers.get("date", ""))
    except ValueError:
        return None


def _key_of(known: _KeySet | None, key_id: str | None) -> SigningKey | None:
    if known is None:
        return None
    if key_id is None and len(known.keys) == 1:
        # A token need not name the key of an issuer that has only one.
        return next(iter(known.keys.values()))
    return known.keys.get(key_id)


def _keys_in(document: JsonObject) -> Iterator[tuple[str | None, SigningKey]]:
    entries = document.get("keys")
    for entry in entries[:_MAX_KEYS] if isinstance(entries, list) else ():
        key = _usable(entry)
        if key is not None and isinstance(entry, dict):
            key_id = entry.get("kid")
            yield key_id if isinstance(key_id, str) else None, key


def _usable(entry: JsonValue) -> SigningKey | None:
    """Return a public key for signatures, or None if the entry is anything else."""
    if not isinstance(entry, dict) or entry.get("use", "sig") != "sig" or "d" in entry:
        return None
    kind = (str(entry.get("kty")), str(entry.get("crv", "")))
    algorithms = _ALGORITHMS.get(kind, ())
    if "alg" in entry:
        algorithms = tuple(each for each in algorithms if each == entry["alg"])
    if not algorithms:
        return None
    try:
        key = jwt.PyJWK.from_dict(entry, algorithm=algorithms[0]).key
    except (jwt.PyJWTError, LookupError, TypeError, ValueError):
        return None
    if kind[0] == "RSA" and key.key_size < MIN_RSA_BITS:
        return None
    return SigningKey(key=key, algorithms=algorithms)
