"""Azure Functions as a platform type: what its definitions hold and how they are opened."""

from __future__ import annotations

from polysync_core.domain.definitions.auth import AuthMethod
from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
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
from polysync_core.platforms.calls import Call
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.plugin import (
    Capability,
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)

_METHODS = ENTRA_METHODS | {AuthMethod.FUNCTION_KEY}


def check_functions(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return what cannot be right in the definition of a function app."""
    problems = check_azure_platform(
        platform,
        FunctionsAttributes,
        "Azure Functions",
        allow_loopback=allow_loopback,
        methods=_METHODS,
    )
    if problems:
        return problems
    attributes = FunctionsAttributes.of(platform)
    if attributes.audience is not None and platform.auth.method is AuthMethod.FUNCTION_KEY:
        remedy = "a function key needs no token: remove it, or sign in by another auth.method"
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
    doors = FunctionClients(platform, attributes, context)
    now = context.http.timer.now
    catalogue = AzureFunctionDiscovery(doors.management, attributes.site)
    client = doors.to_functions(app)
    functions = HttpFunctionConnector(
        client=client,
        prefix=attributes.prefix,
        durable=DurableClient(client=doors.to_durable(app), refused=DURABLE_REFUSALS, now=now),
        catalogue=catalogue,
        refused=FUNCTION_REFUSALS,
        page=attributes.page,
        now=now,
    )

    def reach() -> str:
        if doors.management is None:
            # Any answer will do: what a key opens shows when a function is called.
            client.exchange(Call(method="GET", segments=()), lambda _: None)
            return f"Reached {app.host}; whether it takes the key shows when a function is called."
        state = catalogue.reach()
        return f"Reached {doors.management.base.host}; {attributes.function_app_name} is {state}."

    return LivePlatform(
        plugin=PLUGIN,
        jobs={JobType.AZURE_HTTP_FUNCTION: functions},
        discoveries=[
            Discovery(job_types=frozenset({JobType.AZURE_HTTP_FUNCTION}), find=catalogue.find)
        ],
        check_access=reach,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.AZURE_FUNCTIONS,
    jobs={
        JobType.AZURE_HTTP_FUNCTION: JobTypePlugin(
            check=check_function_job, capabilities=frozenset(Capability) - {Capability.RUNS}
        )
    },
    check=check_functions,
    open=open_functions,
)
