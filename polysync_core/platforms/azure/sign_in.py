"""Who signs in to an Azure service."""

from __future__ import annotations

from polysync_core.domain.definitions.auth import Auth
from polysync_core.domain.definitions.platforms import Platform
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.references import Secrets
from polysync_core.outbound.sign_in.authenticators import Credential, SimulatorToken
from polysync_core.outbound.sign_in.methods import Cloud
from polysync_core.platforms.azure.attributes import ArmAttributes
from polysync_core.platforms.azure.clouds import management_scope
from polysync_core.platforms.calls import RefusalMapping
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.plugin import PluginContext


def entra_credential(
    auth: Auth, cloud: Cloud, secrets: Secrets, *, scope: str, base: BaseAddress
) -> Credential:
    """Return what signs in to the service at `base` for a checked `auth`; nothing is sent yet."""
    if base.scope is AddressScope.LOOPBACK:
        return SimulatorToken()
    # Costs start-up time, which platforms that sign in otherwise need not pay.
    from polysync_core.outbound.sign_in.entra import entra_token

    return entra_token(auth, cloud, secrets, scope)


def management_client(
    platform: Platform,
    attributes: ArmAttributes,
    context: PluginContext,
    *,
    refused: RefusalMapping,
) -> PlatformClient:
    """Return a client of Azure Resource Manager for a checked platform; nothing is sent yet."""
    base = attributes.management_address(allow_loopback=context.allow_loopback)
    credential = entra_credential(
        platform.auth,
        attributes.cloud,
        context.secrets,
        scope=management_scope(attributes.cloud),
        base=base,
    )
    return PlatformClient(base, credential, refused=refused, http=context.http)
