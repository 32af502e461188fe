"""Checks definitions of Azure Functions platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import AuthMethod, Platform, PlatformType
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.outbound.sign_in.methods import ENTRA_METHODS
from polysync_core.platforms.azure.attributes import check_azure_platform
from polysync_core.platforms.azure_functions.attributes import FunctionsAttributes
from polysync_core.platforms.azure_functions.client import FunctionClients
from polysync_core.platforms.azure_functions.discovery import AzureFunctionDiscovery
from polysync_core.platforms.azure_functions.durable_client import DurableClient
from polysync_core.platforms.azure_functions.external_id import check_function_job
from polysync_core.platforms.azure_functions.http_function import HttpFunctionConnector
from polysync_core.platforms.azure_functions.refusals import DURABLE_REFUSALS, FUNCTION_REFUSALS
from polysync_core.platforms.azure_functions.sign_in import FUNCTION_KEY
from polysync_core.platforms.calls import Call
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.http_functions.parameters import FunctionSettings
from polysync_core.platforms.http_functions.states import STATES
from polysync_core.platforms.plugin import (
    USUAL_CAPABILITIES,
    Capability,
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)


def check_functions(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a function app's platform."""
    problems = check_azure_platform(platform, FunctionsAttributes, allow_loopback=allow_loopback)
    if problems:
        return problems
    attributes = FunctionsAttributes.of(platform)
    if attributes.audience is not None and platform.auth.method == AuthMethod.FUNCTION_KEY:
        remedy = "a function key does not use a token: remove it, or set another auth.method"
        problems = [Problem("attributes.audience", remedy)]
    try:
        attributes.app_address(allow_loopback=allow_loopback)
    except Invalid as error:
        problems += error.problems
    return problems


def open_functions(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to a function app."""
    attributes = FunctionsAttributes.of(platform)
    app = attributes.app_address(allow_loopback=context.allow_loopback)
    clients = FunctionClients(platform, attributes, context)
    now = context.http.timer.now
    discovery = AzureFunctionDiscovery(clients.management, attributes.site)
    client = clients.to_functions(app)
    functions = HttpFunctionConnector(
        client=client,
        prefix=attributes.prefix,
        durable=DurableClient(client=clients.to_durable(app), refused=DURABLE_REFUSALS, now=now),
        discovery=discovery,
        refused=FUNCTION_REFUSALS,
        page=attributes.page,
        now=now,
    )

    def check_access() -> str:
        if clients.management is None:
            # Any answer suffices: only a function call can check the key.
            client.exchange(Call(method="GET", segments=()), lambda _: None)
            return f"Reached {app.host}; the key is checked when a function is called."
        state = discovery.check_access()
        return f"Reached {clients.management.base.host}; {attributes.function_app_name} is {state}."

    return LivePlatform(
        plugin=PLUGIN,
        jobs={JobType.AZURE_HTTP_FUNCTION: functions},
        discoveries=[
            Discovery(job_types=frozenset({JobType.AZURE_HTTP_FUNCTION}), find=discovery.find)
        ],
        check_access=check_access,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.AZURE_FUNCTIONS,
    jobs={
        JobType.AZURE_HTTP_FUNCTION: JobTypePlugin(
            check=check_function_job,
            settings=FunctionSettings,
            external_id_hint="A function: Report, Report/users/{id} or orchestrator:Nightly.",
            capabilities=USUAL_CAPABILITIES - {Capability.RUNS},
            normal_id=str.casefold,
            states=STATES,
        )
    },
    sign_in=(*ENTRA_METHODS, FUNCTION_KEY),
    check=check_functions,
    attributes=FunctionsAttributes,
    open=open_functions,
    announces_sends=True,
)
