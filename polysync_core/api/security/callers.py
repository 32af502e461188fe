"""Who calls: read from what App Service puts before the app, or from a key that a machine sends.

https://learn.microsoft.com/azure/app-service/configure-authentication-user-identities
"""

from __future__ import annotations

import base64
import binascii
import json
import logging
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from ipaddress import ip_address
from typing import Annotated, Any, cast

from fastapi import Depends, Request
from starlette.datastructures import Headers
from starlette.types import Scope

from polysync_core.domain.access_keys import AccessKey, holder_of
from polysync_core.domain.errors import Broken, Forbidden, Unauthenticated
from polysync_core.domain.roles import Role

CALLER_KEY = "polysync.caller"
"""Where in the ASGI scope the caller is, once let in."""
LOCAL = "api"
"""The name of whoever calls on a developer's machine."""

_log = logging.getLogger(__name__)

_PRINCIPAL = "x-ms-client-principal"
_KEY = "x-functions-key"
"""What whoever calls a function by a key sends it in, Data Factory and API Management included."""
_LONGEST_NAME = 200
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
    """Who calls, as far as Entra, a key or the machine vouches for it."""

    name: str
    """A person's sign-in name; `app:` and the client id of an application; `key:` and a key's."""
    object_id: str | None = None
    roles: frozenset[Role] = frozenset()

    def may(self, role: Role) -> bool:
        """Tell whether the caller has the role or a greater one."""
        return any(role in held.includes for held in self.roles)


type Identify = Callable[[Scope], Caller]
"""Returns who sends a request, or raises `Unauthenticated` or `Forbidden`."""


def anyone(_scope: Scope) -> Caller:
    """Take everybody for the developer; for parts of the API that stand alone."""
    return Caller(name=LOCAL, roles=frozenset({Role.ADMINISTRATOR}))


def require_loopback(scope: Scope) -> Caller:
    """Take everybody for the developer who names this machine, and nobody else.

    A page of the internet that resolves its own name to this machine still names itself; one that
    sends a form here is named by the browser; a tunnel names whom it lets in.
    """
    headers = Headers(scope=scope)
    named = [headers[name] for name in ("host", "x-forwarded-host") if name in headers]
    named += [_host_of(origin) for origin in headers.getlist("origin")]
    named += [each for line in headers.getlist("x-forwarded-for") for each in line.split(",")]
    if not all(_is_loopback(each.strip()) for each in named):
        raise Forbidden("development mode answers this machine at 127.0.0.1 or localhost only")
    return anyone(scope)


def nobody(_scope: Scope) -> Caller:
    """Let nobody in."""
    raise Unauthenticated(
        "no authentication stands before the app (WEBSITE_AUTH_ENABLED is not True): turn App "
        "Service authentication on"
    )


def from_app_service(scope: Scope) -> Caller:
    """Return the caller that App Service authentication vouches for.

    It removes this header from what comes in, so only where it is really in front may the header be
    believed.
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
    held = {value for kind in _ROLES for value in claims.get(kind, ())}
    roles = frozenset(role for role in Role if role.value in held)
    return Caller(name=_printable(name), object_id=object_id, roles=roles)


def by_key(keys: Sequence[AccessKey], *, otherwise: Identify) -> Identify:
    """Take whoever sends one of the keys for its holder, and ask `otherwise` who the rest are.

    A token tells more than a key: where both are sent, the key is not looked at.
    """

    def identify(scope: Scope) -> Caller:
        headers = Headers(scope=scope)
        if _KEY not in headers or _PRINCIPAL in headers:
            return otherwise(scope)
        holder = holder_of(headers[_KEY], keys)
        if holder is None:
            _log.warning("A key was refused.", extra={"action": "key_refused"})
            raise Unauthenticated("the key is none of this app's: it was mistyped, or taken back")
        return Caller(name=f"key:{holder.name}", roles=frozenset({holder.role}))

    return identify


def _claims(header: str) -> dict[str, list[str]]:
    try:
        document: Any = json.loads(base64.b64decode(header, validate=True))
        listed = [(claim["typ"], claim["val"]) for claim in document["claims"]]
    except (binascii.Error, ValueError, KeyError, TypeError) as error:
        raise Unauthenticated("the principal of App Service cannot be read") from error
    claims: dict[str, list[str]] = {}
    for kind, value in listed:
        claims.setdefault(str(kind), []).append(str(value))
    return claims


def _first(claims: Mapping[str, list[str]], kinds: tuple[str, ...]) -> str | None:
    return next((claims[kind][0] for kind in kinds if claims.get(kind)), None)


def _printable(name: str) -> str:
    return "".join(each if each.isprintable() else "\ufffd" for each in name)[:_LONGEST_NAME]


def _host_of(origin: str) -> str:
    return origin.partition("://")[2]


def _is_loopback(host: str) -> bool:
    # What has several colons and no brackets is an address without a port.
    port_follows = host.count(":") == 1 or "]:" in host
    name = host.rsplit(":", 1)[0] if port_follows else host
    name = name.strip("[]").lower()
    try:
        return ip_address(name).is_loopback
    except ValueError:
        return name == "localhost"


def _caller_of(request: Request) -> Caller:
    caller = request.scope.get(CALLER_KEY)
    if caller is None:
        raise Broken("The request came without a caller.")
    return cast("Caller", caller)


CurrentCaller = Annotated[Caller, Depends(_caller_of)]
