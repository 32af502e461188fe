"""Reads a function app's keys, and adds credentials only to calls of that app."""

from __future__ import annotations

from dataclasses import dataclass

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.platforms import AuthMethod
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.domain.timed_cache import TimedCache
from polysync_core.outbound.http_request import HttpRequest
from polysync_core.outbound.sign_in.authenticators import Authenticator
from polysync_core.outbound.sign_in.cached_token import CachedToken, IssuedToken
from polysync_core.outbound.sign_in.methods import SignInField, SignInMethod
from polysync_core.platforms.calls import Call
from polysync_core.platforms.platform_client import PlatformClient

API_VERSION = "2025-03-01"
FUNCTION_KEY = SignInMethod(
    name=AuthMethod.FUNCTION_KEY,
    fields=(
        SignInField(name="functionKey", is_secret=True),
        SignInField(name="systemKey", is_secret=True, required=False),
    ),
)
KEY_HEADER = "x-functions-key"
KEY_TTL_SECONDS = 600.0
"""The lifetime of a cached key; a refused key is read again at once."""

_LISTS = {"functionKeys": "default", "systemKeys": "durabletask_extension"}
_MISSING = {
    "functionKeys": "the function app has no host key named default: create it",
    "systemKeys": (
        "the function app has no system key durabletask_extension: add Durable Functions to the app"
    ),
}


@dataclass(frozen=True, slots=True)
class AppKeys:
    """The cached keys for an app's functions and its Durable Functions API."""

    management: PlatformClient
    site: tuple[str, ...]
    now: Clock

    def for_functions(self) -> CachedToken:
        """Return the key for all functions of the app."""
        return self._cached("functionKeys")

    def for_durable(self) -> CachedToken:
        """Return the key for the API of Durable Functions."""
        return self._cached("systemKeys")

    def _cached(self, kind: str) -> CachedToken:
        return CachedToken(
            lambda: self._issued(kind), margin=0.0, now=lambda: self.now().timestamp()
        )

    def _issued(self, kind: str) -> IssuedToken:
        call = Call(
            method="POST",
            segments=(*self.site, "host", "default", "listkeys"),
            query={"api-version": API_VERSION},
            repeatable=True,
            effect=False,
        )
        key = self.management.execute(call, lambda answer: _key(answer, kind))
        if key is None:
            raise PlatformRefused(_MISSING[kind], cause=FailureCause.SECRET)
        return IssuedToken(key, self.now().timestamp() + KEY_TTL_SECONDS)


class CheckedHost:
    """Signs calls only to the hosts that Azure names for the app.

    Any customer can have a host in the DNS zone of App Service. So a wrong address of the app would
    send its key or token to a stranger. An `Authenticator`, shared between threads.
    """

    def __init__(
        self, inner: Authenticator, host: str, management: PlatformClient, site: tuple[str, ...]
    ) -> None:
        self._inner = inner
        self._host = host.lower()
        self._management = management
        self._site = site
        self._hosts = TimedCache[str, frozenset[str]](
            lambda _: self._read_hosts(), ttl=KEY_TTL_SECONDS, max_entries=1
        )

    def sign(self, request: HttpRequest) -> HttpRequest:
        """Return the signed request; raises `PlatformRefused` for the host of another app."""
        if self._host not in self._hosts.get(""):
            self._hosts.invalidate([""])
            raise PlatformRefused(
                f"{self._host} is not a host of the function app {self._site[-1]}, so nothing is"
                " sent: correct attributes.functionAppUrl",
                cause=FailureCause.SECRET,
            )
        return self._inner.sign(request)

    def renew(self) -> None:
        """Drop the refused credential."""
        self._inner.renew()

    def _read_hosts(self) -> frozenset[str]:
        return self._management.get(*self._site, query={"api-version": API_VERSION}, read=_hosts_of)


def _hosts_of(site: JsonObject) -> frozenset[str]:
    """Return the hosts that Azure has given to an app, in small letters."""
    properties = object_in(site, "properties")
    names = [properties.get("defaultHostName"), *_texts_in(properties.get("hostNames"))]
    return frozenset(name.lower() for name in names if isinstance(name, str) and name)


def _texts_in(value: JsonValue) -> list[JsonValue]:
    return value if isinstance(value, list) else []


def _key(answer: JsonObject, kind: str) -> Secret | None:
    key = object_in(answer, kind).get(_LISTS[kind])
    return Secret(key) if isinstance(key, str) and key else None
