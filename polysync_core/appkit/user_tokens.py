"""Extracts a user's Databricks token from trusted headers of an HTTP request.

The app trusts a token header only if the hosting removes that header from incoming requests and
sets it itself. It trusts a bearer token only if App Service or the app itself has validated it, and
if the token belongs to the person who was identified.
"""

from __future__ import annotations

import base64
import binascii
import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol, cast

from polysync_core.appkit.errors import NoUserToken
from polysync_core.domain.errors import Unauthenticated
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.identity import Delegation
from polysync_core.outbound.sign_in.cached_token import is_sendable

FORWARDED_TOKEN = "x-forwarded-access-token"  # noqa: S105 - the name of a header
APP_SERVICE_TOKEN = "x-ms-token-aad-access-token"  # noqa: S105 - the name of a header
_PRINCIPAL = "x-ms-client-principal"
_AUTHORIZATION = "authorization"
_OBJECT_ID = frozenset({"http://schemas.microsoft.com/identity/claims/objectidentifier", "oid"})
_PARTS = 3
"""The parts of a JSON Web Token."""

_MISSING = "Missing user token in request headers"


class HasHeaders(Protocol):
    """A request of any web framework."""

    @property
    def headers(self) -> Mapping[str, str]:
        """The headers of the request."""
        ...


@dataclass(frozen=True, slots=True, kw_only=True)
class UserToken:
    """The token of the person on whose behalf the app calls Databricks."""

    token: Secret
    exchanged_by: Delegation | None
    """Exchanges the token for a Databricks token; None if it is one already."""

    @property
    def fingerprint(self) -> str:
        """A hash that identifies the token without revealing it."""
        return hashlib.sha256(self.token.reveal().encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """The hosting of the app, as far as it authenticates users."""

    databricks_app: bool = False
    """The app runs in Databricks Apps."""
    app_service_authentication: bool = False
    """App Service authentication is on."""
    validates_entra_tokens: bool = False
    """The app itself validates bearer tokens of Entra."""
    delegation: Delegation | None = None

    def user_token(self, request: HasHeaders) -> UserToken:
        """Return the caller's token.

        Raises `NoUserToken` if no hosting authenticates users, and `Unauthenticated` if the request
        has no token.
        """
        if self.databricks_app:
            return UserToken(token=_token(request, FORWARDED_TOKEN), exchanged_by=None)
        if not self.app_service_authentication and not self.validates_entra_tokens:
            raise NoUserToken.at(
                "asUser",
                "needs a hosting that authenticates users of Entra: App Service authentication, or"
                " POLYSYNC_OIDC_ISSUER with the issuer of an Entra tenant",
            )
        if self.delegation is None:
            raise NoUserToken.at(
                "asUser",
                "needs the permission to act for users: set POLYSYNC_DELEGATION_CLIENT_ID and"
                " POLYSYNC_DELEGATION_TENANT_ID",
            )
        token = self._of_app_service(request) if self.app_service_authentication else None
        token = token or _bearer_token(request)
        return UserToken(token=token, exchanged_by=self.delegation)

    def _of_app_service(self, request: HasHeaders) -> Secret | None:
        """Return the token of a session; None if the caller sent a bearer token instead."""
        principal = _header(request, _PRINCIPAL)
        if not principal:
            # A caller with an access key was not signed in by App Service.
            raise Unauthenticated(f"{_MISSING}: the caller must sign in")
        if _header(request, APP_SERVICE_TOKEN) or not _header(request, _AUTHORIZATION):
            return _token(request, APP_SERVICE_TOKEN)
        if _object_id_in(_bearer_token(request)) not in _object_ids_of(principal):
            raise Unauthenticated(f"{_MISSING}: the bearer token belongs to another caller")
        return None


def _token(request: HasHeaders, name: str) -> Secret:
    text = _header(request, name)
    if not is_sendable(text):
        raise Unauthenticated(f"{_MISSING}: {name} is absent or unreadable; sign in again")
    return Secret(text)


def _bearer_token(request: HasHeaders) -> Secret:
    scheme, _, text = _header(request, _AUTHORIZATION).partition(" ")
    if scheme.lower() != "bearer" or not is_sendable(text.strip()):
        raise Unauthenticated(f"{_MISSING}: send a bearer token of Entra; a key has no user")
    return Secret(text.strip())


def _object_id_in(token: Secret) -> str | None:
    """Return the object id that a token names; Entra checks the signature at the exchange."""
    parts = token.reveal().split(".")
    if len(parts) != _PARTS:
        return None
    claims = _decoded(parts[1].replace("-", "+").replace("_", "/") + "==")
    match claims:
        case {"oid": str(object_id)}:
            return object_id
        case _:
            return None


def _object_ids_of(principal: str) -> set[str]:
    """Return the object id of the caller that App Service has identified."""
    document = _decoded(principal)
    claims = document.get("claims") if isinstance(document, dict) else None
    found: set[str] = set()
    for pair in claims if isinstance(claims, list) else []:
        match pair:
            case {"typ": str(kind), "val": str(value)} if kind in _OBJECT_ID:
                found.add(value)
            case _:
                continue
    return found


def _decoded(text: str) -> JsonValue:
    try:
        return cast("JsonValue", json.loads(base64.b64decode(text)))
    except (binascii.Error, ValueError, RecursionError):
        return None


def _header(request: HasHeaders, name: str) -> str:
    # Header mappings of some frameworks are case-sensitive.
    return next((text for key, text in request.headers.items() if key.lower() == name), "")
