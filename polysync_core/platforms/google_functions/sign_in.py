"""Builds the authenticators for Google's API and for each function."""

from __future__ import annotations

from polysync_core.domain.definitions.platforms import Auth
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.authenticators import Authenticator, HeaderToken, SimulatorToken


def access_authenticator(auth: Auth, secrets: Secrets, base: BaseAddress) -> Authenticator:
    """Return the authenticator for Google's API."""
    if base.scope is AddressScope.LOOPBACK:
        return HeaderToken(SimulatorToken())
    # Imported on first use: the import is slow, and other platforms do not need it.
    from polysync_core.outbound.sign_in.google import GoogleSignIn

    return HeaderToken(GoogleSignIn(auth=auth, secrets=secrets).access_token())


def identity_authenticator(
    auth: Auth, secrets: Secrets, base: BaseAddress, audience: str
) -> Authenticator:
    """Return the authenticator for a function, which sends an identity token for its audience."""
    if base.scope is AddressScope.LOOPBACK:
        return HeaderToken(SimulatorToken())
    from polysync_core.outbound.sign_in.google import GoogleSignIn

    return HeaderToken(GoogleSignIn(auth=auth, secrets=secrets).identity_token(audience))
