"""Credentials for Google's API and for functions."""

from __future__ import annotations

from polysync_core.domain.definitions.auth import Auth
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.authenticators import Credential, SimulatorToken


def access_credential(auth: Auth, secrets: Secrets, base: BaseAddress) -> Credential:
    """Return what signs in to Google's own API."""
    if base.scope is AddressScope.LOOPBACK:
        return SimulatorToken()
    # Costs start-up time, which other platforms need not pay.
    from polysync_core.outbound.sign_in.google import GoogleSignIn

    return GoogleSignIn(auth=auth, secrets=secrets).access_token()


def identity_credential(
    auth: Auth, secrets: Secrets, base: BaseAddress, audience: str
) -> Credential:
    """Return what a function knows its caller by: an identity token for that function alone."""
    if base.scope is AddressScope.LOOPBACK:
        return SimulatorToken()
    from polysync_core.outbound.sign_in.google import GoogleSignIn

    return GoogleSignIn(auth=auth, secrets=secrets).identity_token(audience)
