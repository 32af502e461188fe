"""Checks definitions of Azure Synapse platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.outbound.sign_in.methods import ENTRA_METHODS
from polysync_core.platforms.azure.attributes import check_azure_platform
from polysync_core.platforms.azure.refusals import AzureRefusals
from polysync_core.platforms.azure.sign_in import AzureService, service_client
from polysync_core.platforms.azure_data_pipelines.client import PipelineClient
from polysync_core.platforms.azure_data_pipelines.plugin import PIPELINE_JOB, live_platform
from polysync_core.platforms.azure_synapse.attributes import SynapseAttributes
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.plugin import PlatformPlugin, PluginContext

API_VERSION = "2020-12-01"


_REFUSALS = AzureRefusals(
    service="Azure Synapse",
    permission=(
        "grant it the Synapse roles Synapse Contributor or Synapse Artifact Publisher and Synapse"
        " Credential User in the workspace"
    ),
)


def check_synapse(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a Synapse platform."""
    return check_azure_platform(platform, SynapseAttributes, allow_loopback=allow_loopback)


def open_synapse(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to a workspace."""
    attributes = SynapseAttributes.of(platform)
    workspace = AzureService(
        base=attributes.workspace_address(allow_loopback=context.allow_loopback),
        scope=attributes.scope,
        refused=_REFUSALS,
    )
    service = PipelineClient(
        client=service_client(platform, attributes.cloud, context, workspace),
        root=(),
        version=API_VERSION,
        refusals=_REFUSALS,
        run_page=attributes.run_page,
        activities_are_below_pipeline=True,
        finds_failed_activities=False,
        now=context.http.timer.now,
    )
    return live_platform(PLUGIN, JobType.SYNAPSE_PIPELINE, service)


PLUGIN = PlatformPlugin(
    name=PlatformType.AZURE_SYNAPSE,
    jobs={JobType.SYNAPSE_PIPELINE: PIPELINE_JOB},
    sign_in=ENTRA_METHODS,
    check=check_synapse,
    attributes=SynapseAttributes,
    open=open_synapse,
    announces_sends=True,
)
