"""Checks definitions of Google Cloud Functions platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.outbound.hosts import AddressScope, BaseAddress
from polysync_core.outbound.sign_in.methods import GOOGLE_METHODS
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.google.attributes import check_google_platform
from polysync_core.platforms.google.sign_in import api_client, identity_authenticator
from polysync_core.platforms.google_functions.attributes import GoogleFunctionsAttributes
from polysync_core.platforms.google_functions.client import AddressCache
from polysync_core.platforms.google_functions.discovery import CloudFunctionDiscovery
from polysync_core.platforms.google_functions.external_id import check_function_job
from polysync_core.platforms.google_functions.http_function import CloudFunctionConnector
from polysync_core.platforms.google_functions.refusals import CALL_REFUSALS, REFUSED
from polysync_core.platforms.http_functions.parameters import FunctionSettings
from polysync_core.platforms.http_functions.states import STATES
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.plugin import (
    Capability,
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)
from polysync_core.platforms.refusal_rules import credential_name


def check_google_functions(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a Google Cloud Functions platform."""
    return check_google_platform(platform, GoogleFunctionsAttributes, allow_loopback=allow_loopback)


def open_google_functions(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to the functions of a region."""
    attributes = GoogleFunctionsAttributes.of(platform)
    api = attributes.api_address(allow_loopback=context.allow_loopback)
    auth, secrets, http = platform.auth, context.secrets, context.http
    discovery = CloudFunctionDiscovery(
        api_client(platform, api, context, refused=REFUSED),
        attributes.functions,
        attributes.function_name,
    )

    def to_function(base: BaseAddress, audience: str) -> PlatformClient:
        return PlatformClient(
            base,
            identity_authenticator(auth, secrets, base, audience),
            credential=CALL_REFUSALS.credential_rules(credential_name(auth)),
            http=http,
        )

    addresses = AddressCache(
        address=discovery.address,
        client=to_function,
        simulator=api if api.scope is AddressScope.LOOPBACK else None,
        now=http.timer.now,
    )

    def check_access() -> str:
        discovery.check_access()
        return f"Reached {api.host}; the functions of {attributes.region} can be listed."

    return LivePlatform(
        plugin=PLUGIN,
        jobs={
            JobType.CLOUD_FUNCTION_HTTP: CloudFunctionConnector(
                addresses=addresses, discovery=discovery, now=http.timer.now
            )
        },
        discoveries=[
            Discovery(job_types=frozenset({JobType.CLOUD_FUNCTION_HTTP}), find=discovery.find)
        ],
        check_access=check_access,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.GOOGLE_CLOUD_FUNCTIONS,
    jobs={
        JobType.CLOUD_FUNCTION_HTTP: JobTypePlugin(
            check=check_function_job,
            settings=FunctionSettings,
            external_id_hint="projects/<project>/locations/<region>/functions/<name>",
            capabilities=frozenset(
                {Capability.OUTPUTS, Capability.DISCOVERY, Capability.FAILURE_DETAILS}
            ),
            states=STATES,
        )
    },
    sign_in=GOOGLE_METHODS,
    check=check_google_functions,
    attributes=GoogleFunctionsAttributes,
    open=open_google_functions,
    announces_sends=True,
)
