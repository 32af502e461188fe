"""Defines the app's own identities for outgoing calls: managed identity and app registration."""

from __future__ import annotations

from dataclasses import dataclass

from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform

_BY_IDENTITY = frozenset(
    {
        AuthMethod.MANAGED_IDENTITY,
        AuthMethod.WEB_IDENTITY_FEDERATION,
        AuthMethod.WORKLOAD_IDENTITY_FEDERATION,
    }
)
"""The methods that get an Entra token of the app's identity."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AppIdentity:
    """The app's managed identity, and the private hosts that the app may reach."""

    identity: str | None = None
    """Client id of the managed identity that is used where a definition names none."""
    private_hosts: frozenset[str] = frozenset()
    """Names of hosts that may have private addresses."""

    def complete_auth(self, auth: Auth) -> Auth:
        """Return `auth` with the app's identity where it needs one and names none."""
        if auth.method not in _BY_IDENTITY or auth.client_id or self.identity is None:
            return auth
        return auth.model_copy(update={"client_id": self.identity})

    def complete_platform(self, platform: Platform) -> Platform:
        """Return a platform whose `auth` is complete."""
        return platform.model_copy(update={"auth": self.complete_auth(platform.auth)})


NO_IDENTITY = AppIdentity()
"""An app with no identity of its own and no private hosts."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Delegation:
    """The app registration that users sign in to; the app acts for them as this registration."""

    tenant_id: str
    client_id: str
    identity_client_id: str
    """The managed identity that the registration trusts instead of a secret."""
