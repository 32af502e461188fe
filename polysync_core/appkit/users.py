"""The caller's own token, which the hosting puts into the request that it lets through.

A header is believed only where the hosting removes it from what comes in and sets it itself.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Protocol

from polysync_core.appkit.errors import NoUserToken
from polysync_core.domain.errors import Unauthenticated
from polysync_core.domain.secrets import Secret
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
    """The token of the person on whose behalf something is done."""

    token: Secret
    exchanged_by: Delegation | None
    """How it becomes a token for Databricks; None where it is one."""

    @property
    def fingerprint(self) -> str:
        """What tells users apart without telling their tokens."""
        return hashlib.sha256(self.token.reveal().encode()).hexdigest()


@dataclass(frozen=True, slots=True, kw_only=True)
class Hosting:
    """What the app runs on, as far as it vouches for its users' tokens."""

    databricks_app: bool = False
    """Whether Databricks Apps stands before the app."""
    app_service_authentication: bool = False
    """Whether App Service authentication does."""
    delegation: Delegation | None = None

    def user_of(self, request: HasHeaders) -> UserToken:
        """Return the caller's token.

        Raises `NoUserToken` where no hosting vouches for one, and `Unauthenticated` where the
        request has none.
        """
        if self.databricks_app:
            return UserToken(token=_token(request, FORWARDED_TOKEN), exchanged_by=None)
        if not self.app_service_authentication:
            raise NoUserToken.at(
                "asUser",
                "nothing here vouches for a user's token: it takes App Service authentication or"
                " Databricks Apps in front of the app",
            )
        if self.delegation is None:
            raise NoUserToken.at(
                "asUser",
                "the app may not act for its users yet: set POLYSYNC_DELEGATION_CLIENT_ID and"
                " POLYSYNC_DELEGATION_TENANT_ID",
            )
        if not _header(request, _PRINCIPAL):
            # Whoever comes by a key of the app is nobody whom App Service has signed in.
            raise Unauthenticated(f"{_MISSING}: only who has signed in can be acted for")
        return UserToken(token=_token(request, APP_SERVICE_TOKEN), exchanged_by=self.delegation)


def _token(request: HasHeaders, name: str) -> Secret:
    found = _header(request, name)
    if not is_sendable(found):
        raise Unauthenticated(f"{_MISSING}: {name} is absent or unreadable; sign in again")
    return Secret(found)


def _header(request: HasHeaders, name: str) -> str:
    # Frameworks differ in whether their headers are a mapping without case.
    return next((text for key, text in request.headers.items() if key.lower() == name), "")
