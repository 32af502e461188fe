"""Checks definitions of Azure Data Explorer platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.outbound.sign_in.methods import ENTRA_METHODS
from polysync_core.platforms.azure.sign_in import AzureService, service_client
from polysync_core.platforms.azure_data_explorer.attributes import (
    ClusterAttributes,
    check_data_explorer,
)
from polysync_core.platforms.azure_data_explorer.client import REFUSALS, ClusterClient
from polysync_core.platforms.azure_data_explorer.command import CommandConnector
from polysync_core.platforms.azure_data_explorer.settings import CommandSettings, check_command
from polysync_core.platforms.azure_data_explorer.states import STATES
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.plugin import (
    Capability,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)


def open_data_explorer(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to a cluster."""
    attributes = ClusterAttributes.of(platform)
    service = AzureService(
        base=attributes.address(attributes.cluster(), allow_loopback=context.allow_loopback),
        scope=attributes.scope,
        refused=REFUSALS,
    )
    cluster = ClusterClient(client=service_client(platform, attributes.cloud, context, service))
    commands = CommandConnector(service=cluster, page=attributes.database_page)
    return LivePlatform(
        plugin=PLUGIN,
        jobs={JobType.DATA_EXPLORER_COMMAND: commands},
        discoveries=(),
        check_access=cluster.check_access,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.AZURE_DATA_EXPLORER,
    jobs={
        JobType.DATA_EXPLORER_COMMAND: JobTypePlugin(
            check=check_command,
            settings=CommandSettings,
            external_id_hint="The name of the database in which the command runs.",
            capabilities=frozenset({Capability.CANCEL, Capability.OUTPUTS}),
            states=STATES,
        )
    },
    sign_in=ENTRA_METHODS,
    check=check_data_explorer,
    attributes=ClusterAttributes,
    open=open_data_explorer,
    announces_sends=True,
)
