"""Builds Microsoft Entra authenticators and HTTP clients for Azure services."""

from __future__ import annotations

from dataclasses import dataclass

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


@dataclass(frozen=True, slots=True, kw_only=True)
class AzureService:
    """One service that takes tokens of Microsoft Entra."""

    base: BaseAddress
    scope: str
    """The scope of its tokens."""
    refused: RefusalMapping


def service_client(
    platform: Platform, cloud: Cloud, context: PluginContext, service: AzureService
) -> PlatformClient:
    """Return a client of a service that signs in as the platform says; this sends nothing."""
    credential = entra_authenticator(
        platform.auth, cloud, context.secrets, scope=service.scope, base=service.base
    )
    return PlatformClient(
        service.base,
        credential,
        refused=service.refused,
        credential=azure_credential_rules(platform.auth),
        http=context.http,
    )


def management_client(
    platform: Platform,
    attributes: ArmAttributes,
    context: PluginContext,
    *,
    refused: RefusalMapping,
) -> PlatformClient:
    """Return a client of Azure Resource Manager; this sends nothing."""
    service = AzureService(
        base=attributes.management_address(allow_loopback=context.allow_loopback),
        scope=management_scope(attributes.cloud),
        refused=refused,
    )
    return service_client(platform, attributes.cloud, context, service)
