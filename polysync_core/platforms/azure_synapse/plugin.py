"""Azure Synapse as a platform type: the pipelines of a workspace."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from pydantic import StringConstraints

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.domain.runs.polling import PATIENT
from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.sign_in.methods import Cloud
from polysync_core.platforms.azure.attributes import ArmAttributes, check_azure_platform
from polysync_core.platforms.azure.clouds import public_address
from polysync_core.platforms.azure.refusals import AzureRefusals
from polysync_core.platforms.azure.sign_in import entra_credential
from polysync_core.platforms.azure_pipelines.jobs import check_pipeline_job
from polysync_core.platforms.azure_pipelines.plugin import live_platform
from polysync_core.platforms.azure_pipelines.service import PipelineService
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.plugin import Capability, JobTypePlugin, PlatformPlugin, PluginContext

API_VERSION = "2020-12-01"


@dataclass(frozen=True, slots=True)
class _Hosts:
    development: str
    """The ending of every workspace's host, which is the audience of tokens as well."""
    studio: str


_HOSTS = {
    Cloud.PUBLIC: _Hosts("dev.azuresynapse.net", "web.azuresynapse.net"),
    Cloud.US_GOVERNMENT: _Hosts(
        "dev.azuresynapse.usgovcloudapi.net", "web.azuresynapse.usgovcloudapi.net"
    ),
    Cloud.CHINA: _Hosts("dev.azuresynapse.azure.cn", "web.azuresynapse.azure.cn"),
}
_REFUSALS = AzureRefusals(
    service="Azure Synapse",
    permission=(
        "grant it the Synapse roles Synapse Contributor or Synapse Artifact Publisher and Synapse"
        " Credential User in the workspace"
    ),
)


class SynapseAttributes(ArmAttributes):
    """`attributes` of an Azure Synapse platform."""

    workspace_name: Annotated[
        str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?$", max_length=50)
    ]

    def workspace_address(self, *, allow_loopback: bool) -> BaseAddress:
        """Return where the calls go."""
        host = f"{self.workspace_name}.{_HOSTS[self.cloud].development}"
        return self.address(public_address(host), allow_loopback=allow_loopback)

    @property
    def scope(self) -> str:
        """The scope of tokens for the workspace."""
        return f"https://{_HOSTS[self.cloud].development}/.default"

    def run_page(self, run_id: str) -> str:
        """Return the address of a run's page in the studio."""
        path = self.resource("Microsoft.Synapse", "workspaces", self.workspace_name)
        workspace, studio = quote("/" + "/".join(path), safe="/"), _HOSTS[self.cloud].studio
        return f"https://{studio}/en/monitoring/pipelineruns/{run_id}?workspace={workspace}"


def check_synapse(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return what cannot be right in the definition of a Synapse workspace."""
    return check_azure_platform(
        platform, SynapseAttributes, _REFUSALS.service, allow_loopback=allow_loopback
    )


def open_synapse(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to a workspace."""
    attributes = SynapseAttributes.of(platform)
    base = attributes.workspace_address(allow_loopback=context.allow_loopback)
    credential = entra_credential(
        platform.auth,
        attributes.cloud,
        context.secrets,
        scope=attributes.scope,
        base=base,
    )
    service = PipelineService(
        client=PlatformClient(base, credential, refused=_REFUSALS, http=context.http),
        root=(),
        version=API_VERSION,
        refusals=_REFUSALS,
        run_page=attributes.run_page,
        now=context.http.timer.now,
    )
    return live_platform(PLUGIN, JobType.SYNAPSE_PIPELINE, service, has_return_values=False)


PLUGIN = PlatformPlugin(
    name=PlatformType.AZURE_SYNAPSE,
    jobs={
        JobType.SYNAPSE_PIPELINE: JobTypePlugin(
            check=check_pipeline_job,
            capabilities=frozenset(Capability) - {Capability.OUTPUTS},
            plan=PATIENT,
        )
    },
    check=check_synapse,
    open=open_synapse,
)
