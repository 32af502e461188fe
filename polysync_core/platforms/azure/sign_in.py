"""Builds authenticators for Azure services and a client of Azure Resource Manager."""

from __future__ import annotations

from polysync_core.domain.definitions.platforms import Auth, Platform
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.authenticators import Authenticator, HeaderToken, SimulatorToken
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.platforms.azure.attributes import ArmAttributes
from polysync_core.platforms.azure.clouds import management_scope
from polysync_core.platforms.azure.refusals import azure_credential_rules
from polysync_core.platforms.calls import RefusalMapping
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.plugin import PluginContext


def entra_authenticator(
    auth: Auth, cloud: Cloud, secrets: Secrets, *, scope: str, base: BaseAddress
) -> Authenticator:
    """Return the credential for the service at `base`; this sends nothing."""
    if base.scope is AddressScope.LOOPBACK:
        return HeaderToken(SimulatorToken())
    # Imported on first use: the import is slow, and other sign-in methods do not need it.
    from polysync_core.outbound.sign_in.entra import entra_token

    return HeaderToken(entra_token(auth, cloud, secrets, scope))


def management_client(
    platform: Platform,
    attributes: ArmAttributes,
    context: PluginContext,
    *,
    refused: RefusalMapping,
) -> PlatformClient:
    """Return a client of Azure Resource Manager; this sends nothing."""
    base = attributes.management_address(allow_loopback=context.allow_loopback)
    credential = entra_authenticator(
        platform.auth,
        attributes.cloud,
        context.secrets,
        scope=management_scope(attributes.cloud),
        base=base,
    )
    return PlatformClient(
        base,
        credential,
        refused=refused,
        credential=azure_credential_rules(platform.auth),
        http=context.http,
    )
