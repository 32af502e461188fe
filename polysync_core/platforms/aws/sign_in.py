"""Builds signed HTTP clients of AWS services with the access key of one platform."""

from __future__ import annotations

from dataclasses import dataclass

from polysync_core.domain.definitions.platforms import Auth, Platform
from polysync_core.outbound.sign_in.aws.credentials import AwsSignIn
from polysync_core.outbound.sign_in.aws.signature import (
    AwsSignature,
    CredentialSource,
    SigningScope,
)
from polysync_core.platforms.aws.attributes import AwsAttributes
from polysync_core.platforms.aws.refusals import aws_credential_rules
from polysync_core.platforms.calls import RefusalMapping
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.plugin import PluginContext


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsConnection:
    """The access key of a connection, and the addresses of its region."""

    auth: Auth
    attributes: AwsAttributes
    context: PluginContext
    source: CredentialSource

    @classmethod
    def open(
        cls, platform: Platform, attributes: AwsAttributes, context: PluginContext
    ) -> AwsConnection:
        """Return the connection of a checked platform; this sends nothing."""
        sign_in = AwsSignIn(
            auth=platform.auth,
            region=attributes.region,
            secrets=context.secrets,
            endpoint=attributes.simulator(allow_loopback=context.allow_loopback),
        )
        return cls(
            auth=platform.auth,
            attributes=attributes,
            context=context,
            source=sign_in.source(),
        )

    def client(
        self, service: str, *, refused: RefusalMapping, host_prefix: str | None = None
    ) -> PlatformClient:
        """Return the client of a service; this sends nothing.

        `service` is the name in signatures, which is also the first part of most host names.
        """
        http = self.context.http
        base = self.attributes.address(
            host_prefix or service, allow_loopback=self.context.allow_loopback
        )
        scope = SigningScope(service=service, region=self.attributes.region)
        return PlatformClient(
            base,
            AwsSignature(self.source, scope, http.timer.now),
            refused=refused,
            credential=aws_credential_rules(self.auth),
            http=http,
        )
