"""Defines the plugin of Azure Container Apps, which checks definitions and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.domain.runs.polls.plans import SLOW
from polysync_core.outbound.sign_in.methods import ENTRA_METHODS
from polysync_core.platforms.azure.attributes import check_azure_platform
from polysync_core.platforms.azure.sign_in import management_client
from polysync_core.platforms.azure_container_apps.client import (
    ContainerAppsAttributes,
    JobClient,
)
from polysync_core.platforms.azure_container_apps.container_apps_job import (
    ContainerAppsJobConnector,
    ContainerAppsSettings,
    check_job,
)
from polysync_core.platforms.azure_container_apps.refusals import REFUSED
from polysync_core.platforms.azure_container_apps.states import STATES
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.plugin import (
    USUAL_CAPABILITIES,
    Capability,
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)


def check_container_apps(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of an Azure Container Apps platform."""
    return check_azure_platform(platform, ContainerAppsAttributes, allow_loopback=allow_loopback)


def open_container_apps(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to the jobs of a resource group."""
    attributes = ContainerAppsAttributes.of(platform)
    client = JobClient(
        client=management_client(platform, attributes, context, refused=REFUSED),
        attributes=attributes,
        now=context.http.timer.now,
    )
    connector = ContainerAppsJobConnector(client)
    job_type = JobType.CONTAINER_APPS_JOB
    return LivePlatform(
        plugin=PLUGIN,
        jobs={job_type: connector},
        discoveries=[Discovery(job_types=frozenset({job_type}), find=connector.find)],
        check_access=client.check_access,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.AZURE_CONTAINER_APPS,
    jobs={
        JobType.CONTAINER_APPS_JOB: JobTypePlugin(
            check=check_job,
            settings=ContainerAppsSettings,
            external_id_hint=(
                "The name of a job in the resource group, such as load-sales. Each run is an"
                " execution of the job."
            ),
            capabilities=USUAL_CAPABILITIES - {Capability.OUTPUTS},
            states=STATES,
            plan=SLOW,
        )
    },
    sign_in=ENTRA_METHODS,
    check=check_container_apps,
    attributes=ContainerAppsAttributes,
    open=open_container_apps,
    announces_sends=True,
)
