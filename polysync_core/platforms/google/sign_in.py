"""Builds authenticators for Google's APIs and Cloud Functions, and clients of the APIs."""

from __future__ import annotations

from polysync_core.domain.definitions.platforms import Auth, Platform
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.authenticators import Authenticator, HeaderToken, SimulatorToken
from polysync_core.platforms.calls import RefusalMapping
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.plugin import PluginContext
from polysync_core.platforms.refusal_rules import CredentialRules, credential_name


def access_authenticator(auth: Auth, secrets: Secrets, base: BaseAddress) -> Authenticator:
    """Return the authenticator for an API of Google, which sends an access token."""
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


def api_client(
    platform: Platform, base: BaseAddress, context: PluginContext, *, refused: RefusalMapping
) -> PlatformClient:
    """Return a client of an API of Google; this sends nothing."""
    return PlatformClient(
        base,
        access_authenticator(platform.auth, context.secrets, base),
        refused=refused,
        credential=CredentialRules(name=credential_name(platform.auth)),
        http=context.http,
    )
