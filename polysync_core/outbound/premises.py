"""What a deployment says of the place that the app runs in."""

from __future__ import annotations

from dataclasses import dataclass

from polysync_core.domain.definitions.auth import Auth, AuthMethod
from polysync_core.domain.definitions.platforms import Platform

_BY_IDENTITY = frozenset({AuthMethod.MANAGED_IDENTITY, AuthMethod.WORKLOAD_IDENTITY_FEDERATION})


@dataclass(frozen=True, slots=True, kw_only=True)
class AppIdentity:
    """The app's own identity, and the private hosts that it may reach."""

    identity: str | None = None
    """Client id of the managed identity that is meant where a definition names none."""
    private_hosts: frozenset[str] = frozenset()
    """Names of hosts that may be at private addresses."""

    def signing_in(self, auth: Auth) -> Auth:
        """Return how to sign in, by the app's own identity where `auth` leaves open by which."""
        if auth.method not in _BY_IDENTITY or auth.client_id or self.identity is None:
            return auth
        return auth.model_copy(update={"client_id": self.identity})

    def platform(self, platform: Platform) -> Platform:
        """Return a platform with the identity filled in that its definition leaves open."""
        return platform.model_copy(update={"auth": self.signing_in(platform.auth)})


ANYWHERE = AppIdentity()
"""A place that says nothing: no identity of its own, and no private hosts."""
