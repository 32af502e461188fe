"""Azure Data Factory as a platform type."""

from __future__ import annotations

from typing import Annotated
from urllib.parse import quote

from pydantic import StringConstraints

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.domain.runs.polling import PATIENT
from polysync_core.outbound.sign_in.methods import Cloud
from polysync_core.platforms.azure.attributes import ArmAttributes, check_azure_platform
from polysync_core.platforms.azure.refusals import AzureRefusals
from polysync_core.platforms.azure.sign_in import management_client
from polysync_core.platforms.azure_pipelines.jobs import check_pipeline_job
from polysync_core.platforms.azure_pipelines.plugin import live_platform
from polysync_core.platforms.azure_pipelines.service import PipelineService
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.plugin import JobTypePlugin, PlatformPlugin, PluginContext

API_VERSION = "2018-06-01"

_STUDIOS = {
    Cloud.PUBLIC: "adf.azure.com",
    Cloud.US_GOVERNMENT: "adf.azure.us",
    Cloud.CHINA: "adf.azure.cn",
}
_REFUSALS = AzureRefusals(
    service="Azure Data Factory",
    permission="grant it the role Data Factory Contributor on the factory",
)


class FactoryAttributes(ArmAttributes):
    """`attributes` of an Azure Data Factory platform."""

    factory_name: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9](?:-?[A-Za-z0-9]){2,62}$", max_length=63)
    ]

    @property
    def path(self) -> tuple[str, ...]:
        """The segments of the factory's own path."""
        return self.resource("Microsoft.DataFactory", "factories", self.factory_name)

    def run_page(self, run_id: str) -> str:
        """Return the address of a run's page in the studio."""
        factory = quote("/" + "/".join(self.path), safe="/")
        studio = _STUDIOS[self.cloud]
        return f"https://{studio}/en/monitoring/pipelineruns/{run_id}?factory={factory}"


def check_data_factory(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return what cannot be right in the definition of a Data Factory."""
    return check_azure_platform(
        platform, FactoryAttributes, _REFUSALS.service, allow_loopback=allow_loopback
    )


def open_data_factory(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to a factory."""
    attributes = FactoryAttributes.of(platform)
    service = PipelineService(
        client=management_client(platform, attributes, context, refused=_REFUSALS),
        root=attributes.path,
        version=API_VERSION,
        refusals=_REFUSALS,
        run_page=attributes.run_page,
        now=context.http.timer.now,
    )
    return live_platform(PLUGIN, JobType.ADF_PIPELINE, service, has_return_values=True)


PLUGIN = PlatformPlugin(
    name=PlatformType.AZURE_DATA_FACTORY,
    jobs={JobType.ADF_PIPELINE: JobTypePlugin(check=check_pipeline_job, plan=PATIENT)},
    check=check_data_factory,
    open=open_data_factory,
)
