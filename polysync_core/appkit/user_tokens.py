"""Reads a user's token from the header that App Service or Databricks Apps sets.

The app trusts a token header only if the hosting removes that header from incoming requests and
sets it itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from polysync_core.appkit.errors import NoUserToken
from polysync_core.domain.errors import Unauthenticated
from polysync_core.domain.security.secrets import Secret
from polysync_core.outbound.identity import Delegation
from polysync_core.outbound.sign_in.cached_token import is_sendable

FORWARDED_TOKEN = "x-forwarded-access-token"  # noqa: S105 - the name of a header
APP_SERVICE_TOKEN = "x-ms-token-aad-access-token"  # noqa: S105 - the name of a header
_PRINCIPAL = "x-ms-client-principal"

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
    delegation: Delegation | None = None

    def user_token(self, request: HasHeaders) -> UserToken:
        """Return the caller's token.

        Raises `NoUserToken` if no hosting authenticates users, and `Unauthenticated` if the request
        has no token.
        """
        if self.databricks_app:
            return UserToken(token=_token(request, FORWARDED_TOKEN), exchanged_by=None)
        if not self.app_service_authentication:
            raise NoUserToken.at(
                "asUser",
                "needs a hosting that authenticates users: App Service authentication or"
                " Databricks Apps",
            )
        if self.delegation is None:
            raise NoUserToken.at(
                "asUser",
                "needs the permission to act for users: set POLYSYNC_DELEGATION_CLIENT_ID and"
                " POLYSYNC_DELEGATION_TENANT_ID",
            )
        if not _header(request, _PRINCIPAL):
            # A caller with an access key was not signed in by App Service.
            raise Unauthenticated(f"{_MISSING}: the caller must sign in")
        return UserToken(token=_token(request, APP_SERVICE_TOKEN), exchanged_by=self.delegation)


def _token(request: HasHeaders, name: str) -> Secret:
    text = _header(request, name)
    if not is_sendable(text):
        raise Unauthenticated(f"{_MISSING}: {name} is absent or unreadable; sign in again")
    return Secret(text)


def _header(request: HasHeaders, name: str) -> str:
    # Header mappings of some frameworks are case-sensitive.
    return next((text for key, text in request.headers.items() if key.lower() == name), "")
