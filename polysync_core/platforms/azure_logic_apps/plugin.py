"""Checks definitions of Azure Logic Apps platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.outbound.sign_in.methods import ENTRA_METHODS
from polysync_core.platforms.azure.attributes import check_azure_platform
from polysync_core.platforms.azure.sign_in import management_client
from polysync_core.platforms.azure_logic_apps.attributes import LogicAppsAttributes
from polysync_core.platforms.azure_logic_apps.client import WorkflowClient
from polysync_core.platforms.azure_logic_apps.refusals import REFUSALS
from polysync_core.platforms.azure_logic_apps.states import STATES
from polysync_core.platforms.azure_logic_apps.workflow import (
    WorkflowConnector,
    WorkflowSettings,
    check_workflow,
)
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.plugin import (
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)


def check_logic_apps(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a Logic Apps platform."""
    return check_azure_platform(platform, LogicAppsAttributes, allow_loopback=allow_loopback)


def open_logic_apps(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to the workflows of an app or of a resource group."""
    attributes = LogicAppsAttributes.of(platform)
    http = context.http
    client = management_client(platform, attributes, context, refused=REFUSALS)
    service = WorkflowClient(client, attributes)
    workflows = WorkflowConnector(service=service, http=http, now=http.timer.now)

    def check_access() -> str:
        next(service.workflows(), None)
        return f"Reached {client.base.host}; the workflows can be listed."

    return LivePlatform(
        plugin=PLUGIN,
        jobs={JobType.LOGIC_APPS_WORKFLOW: workflows},
        discoveries=[
            Discovery(job_types=frozenset({JobType.LOGIC_APPS_WORKFLOW}), find=workflows.find)
        ],
        check_access=check_access,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.AZURE_LOGIC_APPS,
    jobs={
        JobType.LOGIC_APPS_WORKFLOW: JobTypePlugin(
            check=check_workflow,
            settings=WorkflowSettings,
            external_id_hint="The name of the workflow, such as send-report.",
            states=STATES,
        )
    },
    sign_in=ENTRA_METHODS,
    check=check_logic_apps,
    attributes=LogicAppsAttributes,
    open=open_logic_apps,
    announces_sends=True,
)
