"""Identifies callers by App Service authentication, an access key or the loopback interface.

`tokens` identifies callers by the token of an OpenID Connect issuer.

https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.types import Scope

from polysync_core.api.security.allowed_origins import ALLOWED_KEY
from polysync_core.domain.errors import Broken, Forbidden, Unauthenticated
from polysync_core.domain.security.access_keys import AccessKey, holder_of
from polysync_core.domain.security.caller_headers import is_forwarding_header
from polysync_core.domain.security.roles import Role

CALLER_KEY = "polysync.caller"
"""The key of the authorised caller in the ASGI scope."""
LOCAL = "api"
"""The name of the caller in development mode."""

_log = logging.getLogger(__name__)

_PRINCIPAL = "x-ms-client-principal"
_ACCESS_KEY = "x-functions-key"
"""The usual header for function keys; Data Factory and API Management send it too."""
_MAX_NAME = 200
_ROLES = ("roles", "http://schemas.microsoft.com/ws/2008/06/identity/claims/role")
_OBJECT = ("oid", "http://schemas.microsoft.com/identity/claims/objectidentifier")
_PERSON = (
    "preferred_username",
    "upn",
    "http://schemas.xmlsoap.org/ws/2005/05/identity/claims/upn",
)
_APPLICATION = ("azp", "appid")


@dataclass(frozen=True, slots=True, kw_only=True)
class Caller:
    """The identity of a caller and its roles."""

    name: str
    """A person's sign-in name, `app:` and a client id, or `key:` and the name of an access key."""
    object_id: str | None = None
    roles: frozenset[Role] = frozenset()

    def has(self, role: Role) -> bool:
        """Return whether the caller has the role or a role that includes it."""
        return any(role in held.includes for held in self.roles)


type Identify = Callable[[Scope], Awaitable[Caller]]
"""Returns the caller of a request, or raises `Unauthenticated` or `Forbidden`.

The function runs on the event loop of the API, so it never blocks.
"""


async def accept_all(_scope: Scope) -> Caller:
    """Treat every caller as the developer; for parts of the API in isolation."""
    return Caller(name=LOCAL, roles=frozenset({Role.ADMINISTRATOR}))


async def require_loopback(scope: Scope) -> Caller:
    """Development mode: accept only requests from and to localhost.

    Rejects a foreign Host (DNS rebinding), a foreign Origin (CSRF) that no setting names, and every
    header of a proxy or a tunnel.
    """
    headers = Headers(scope=scope)
    forwarding = next(filter(is_forwarding_header, headers), None)
    if forwarding is not None:
        raise Forbidden(
            f"development mode accepts no request through a proxy or a tunnel, which the header "
            f"{forwarding} shows: call the host directly"
        )
    # The middleware has compared a named origin with the setting.
    origins = [] if ALLOWED_KEY in scope else headers.getlist("origin")
    hosts = headers.getlist("host") + [_host_of(each) for each in origins]
    if not all(_is_loopback(each.strip()) for each in hosts):
        raise Forbidden("development mode accepts requests to 127.0.0.1 or localhost only")
    return await accept_all(scope)


async def reject_all(_scope: Scope) -> Caller:
    """Reject every caller."""
    raise Unauthenticated(
        "authentication is off (WEBSITE_AUTH_ENABLED is not True): turn App Service "
        "authentication on"
    )


async def require_credentials(_scope: Scope) -> Caller:
    """Reject callers without a token or a key, where the app itself checks both."""
    raise Unauthenticated(
        "sign in: send a token of the issuer as `Authorization: Bearer`, or an access key as "
        f"`{_ACCESS_KEY}`, as this deployment accepts them"
    )


async def from_app_service(scope: Scope) -> Caller:
    """Return the caller that App Service authentication signed in.

    App Service removes the principal header from incoming requests. So the header is trustworthy
    only if App Service authentication is on.
    """
    header = Headers(scope=scope).get(_PRINCIPAL)
    if header is None:
        raise Unauthenticated("sign in to Microsoft Entra and send its token")
    claims = _claims(header)
    object_id = _first(claims, _OBJECT)
    application = _first(claims, _APPLICATION)
    name = _first(claims, _PERSON) or (f"app:{application}" if application else object_id)
    if name is None:
        raise Unauthenticated("the token names neither a person nor an application")
    values = {value for kind in _ROLES for value in claims.get(kind, ())}
    roles = frozenset(role for role in Role if role.value in values)
    return Caller(name=printable(name), object_id=object_id, roles=roles)


def by_key(keys: Sequence[AccessKey], *, otherwise: Identify) -> Identify:
    """Identify callers by access key; `otherwise` identifies callers without a key.

    A request with both a token and a key is identified by the token.
    """

    async def identify(scope: Scope) -> Caller:
        headers = Headers(scope=scope)
        if _ACCESS_KEY not in headers or _PRINCIPAL in headers:
            return await otherwise(scope)
        holder = holder_of(headers[_ACCESS_KEY], keys)
        if holder is None:
            _log.warning("An access key was refused.", extra={"action": "key_refused"})
            raise Unauthenticated(
                "the access key is unknown: correct it, or get a new key if it was revoked"
            )
        return Caller(name=f"key:{holder.name}", roles=frozenset({holder.role}))

    return identify


def _claims(header: str) -> dict[str, list[str]]:
    try:
        document: Any = json.loads(base64.b64decode(header, validate=True))
        pairs = [(claim["typ"], claim["val"]) for claim in document["claims"]]
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise Unauthenticated(
            "the principal of App Service cannot be read: sign in again"
        ) from error
    claims: dict[str, list[str]] = {}
    for kind, value in pairs:
        claims.setdefault(str(kind), []).append(str(value))
    return claims


def _first(claims: Mapping[str, list[str]], kinds: tuple[str, ...]) -> str | None:
    return next((claims[kind][0] for kind in kinds if claims.get(kind)), None)


def printable(name: str) -> str:
    """Return a name that cannot forge a line of a log."""
    return "".join(each if each.isprintable() else "\ufffd" for each in name)[:_MAX_NAME]


def _host_of(origin: str) -> str:
    return origin.partition("://")[2]


def _is_loopback(host: str) -> bool:
    # Several colons without brackets are an IPv6 address without a port.
    has_port = host.count(":") == 1 or "]:" in host
    name = host.rsplit(":", 1)[0] if has_port else host
    name = name.strip("[]").lower()
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


async def _caller_of(request: Request) -> Caller:
    # FastAPI executes a dependency that is a plain function in another thread.
    caller = request.scope.get(CALLER_KEY)
    if caller is None:
        raise Broken("The request came without a caller.")
    return cast("Caller", caller)


CurrentCaller = Annotated[Caller, Depends(_caller_of)]
