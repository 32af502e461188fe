"""Checks definitions of Azure Data Factory platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.outbound.sign_in.methods import ENTRA_METHODS
from polysync_core.platforms.azure.attributes import check_azure_platform
from polysync_core.platforms.azure.refusals import AzureRefusals
from polysync_core.platforms.azure.sign_in import management_client
from polysync_core.platforms.azure_data_factory.attributes import FactoryAttributes
from polysync_core.platforms.azure_data_pipelines.client import PipelineClient
from polysync_core.platforms.azure_data_pipelines.plugin import PIPELINE_JOB, live_platform
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.plugin import PlatformPlugin, PluginContext

API_VERSION = "2018-06-01"

_REFUSALS = AzureRefusals(
    service="Azure Data Factory",
    permission="grant it the role Data Factory Contributor on the factory",
)


def check_data_factory(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a Data Factory platform."""
    return check_azure_platform(platform, FactoryAttributes, allow_loopback=allow_loopback)


def open_data_factory(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to a factory."""
    attributes = FactoryAttributes.of(platform)
    service = PipelineClient(
        client=management_client(platform, attributes, context, refused=_REFUSALS),
        root=attributes.path,
        version=API_VERSION,
        refusals=_REFUSALS,
        run_page=attributes.run_page,
        now=context.http.timer.now,
    )
    return live_platform(PLUGIN, JobType.ADF_PIPELINE, service)


PLUGIN = PlatformPlugin(
    name=PlatformType.AZURE_DATA_FACTORY,
    jobs={JobType.ADF_PIPELINE: PIPELINE_JOB},
    sign_in=ENTRA_METHODS,
    check=check_data_factory,
    attributes=FactoryAttributes,
    open=open_data_factory,
    announces_sends=True,
)
