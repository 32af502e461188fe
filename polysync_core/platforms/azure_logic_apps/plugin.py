"""Azure Logic Apps as a platform type: what its definitions hold and how they are opened."""

from __future__ import annotations

from collections.abc import Iterator

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject
from polysync_core.platforms.azure.attributes import check_azure_platform
from polysync_core.platforms.azure.sign_in import management_client
from polysync_core.platforms.azure_logic_apps.attributes import LogicAppsAttributes
from polysync_core.platforms.azure_logic_apps.definitions import Workflow, read_workflow
from polysync_core.platforms.azure_logic_apps.service import REFUSALS, WorkflowService
from polysync_core.platforms.azure_logic_apps.workflow import Workflows, check_workflow
from polysync_core.platforms.connector import Artefact, Connector
from polysync_core.platforms.plugin import (
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)


def check_logic_apps(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return what cannot be right in the definition of a Logic Apps platform."""
    return check_azure_platform(
        platform, LogicAppsAttributes, REFUSALS.service, allow_loopback=allow_loopback
    )


def open_logic_apps(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to the workflows of an app or of a resource group."""
    attributes = LogicAppsAttributes.of(platform)
    http = context.http
    client = management_client(platform, attributes, context, refused=REFUSALS)
    service = WorkflowService(client, attributes)

    def find(search: str | None) -> Iterator[Artefact]:
        return _find(service, (search or "").casefold())

    def reach() -> str:
        next(service.workflows(), None)
        return f"Reached {client.base.host}; the workflows can be listed."

    return LivePlatform(
        plugin=PLUGIN,
        jobs={
            JobType.LOGIC_APPS_WORKFLOW: Workflows(service=service, http=http, now=http.timer.now)
        },
        discoveries=[Discovery(job_types=frozenset({JobType.LOGIC_APPS_WORKFLOW}), find=find)],
        check_access=reach,
    )


def _find(service: WorkflowService, wanted: str) -> Iterator[Artefact]:
    """Yield the workflows that a request starts."""
    for listed in service.workflows():
        # A Standard workflow's own name is `<app>/<workflow>`.
        name = str(listed.get("name") or "").rpartition("/")[2]
        if name and wanted in name.casefold() and _shown(service, listed, name).trigger:
            yield Artefact(external_id=name, job_type=JobType.LOGIC_APPS_WORKFLOW, name=name)


def _shown(service: WorkflowService, listed: JsonObject, name: str) -> Workflow:
    """Return a listed workflow, read by itself where the list does not show its definition."""
    return read_workflow(listed) or service.workflow(name)


PLUGIN = PlatformPlugin(
    name=PlatformType.AZURE_LOGIC_APPS,
    jobs={JobType.LOGIC_APPS_WORKFLOW: JobTypePlugin(check=check_workflow)},
    check=check_logic_apps,
    open=open_logic_apps,
)
