"""Reads the keys of a function app through Azure Resource Manager."""

from __future__ import annotations

from dataclasses import dataclass

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.platforms import AuthMethod
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.secrets import Secret
from polysync_core.outbound.sign_in.cached_token import CachedToken, IssuedToken
from polysync_core.outbound.sign_in.methods import SignInField, SignInMethod
from polysync_core.platforms.azure.answers import object_in
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


def _key(answer: JsonObject, kind: str) -> Secret | None:
    key = object_in(answer, kind).get(_LISTS[kind])
    return Secret(key) if isinstance(key, str) and key else None
