"""Defines the attributes of an Azure Synapse platform, such as the workspace name."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from pydantic import StringConstraints

from polysync_core.outbound.hosts import BaseAddress
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.platforms.azure.attributes import ArmAttributes
from polysync_core.platforms.azure.clouds import public_address


@dataclass(frozen=True, slots=True)
class _Hosts:
    development: str
    """The suffix of every workspace host; it is also the token audience."""
    studio: str


_HOSTS = {
    Cloud.PUBLIC: _Hosts("dev.azuresynapse.net", "web.azuresynapse.net"),
    Cloud.US_GOVERNMENT: _Hosts(
        "dev.azuresynapse.usgovcloudapi.net", "web.azuresynapse.usgovcloudapi.net"
    ),
    Cloud.CHINA: _Hosts("dev.azuresynapse.azure.cn", "web.azuresynapse.azure.cn"),
}


class SynapseAttributes(ArmAttributes):
    """`attributes` of an Azure Synapse platform."""

    workspace_name: Annotated[
        str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,48}[a-z0-9])?$", max_length=50)
    ]
    """The name of the workspace, the first label of its host name."""

    def workspace_address(self, *, allow_loopback: bool) -> BaseAddress:
        """Return the address for calls to the workspace."""
        host = f"{self.workspace_name}.{_HOSTS[self.cloud].development}"
        return self.address(public_address(host), allow_loopback=allow_loopback)

    @property
    def scope(self) -> str:
        """The token scope for the workspace."""
        return f"https://{_HOSTS[self.cloud].development}/.default"

    def run_page(self, run_id: str) -> str:
        """Return the address of a run's page in the studio."""
        path = self.resource("Microsoft.Synapse", "workspaces", self.workspace_name)
        workspace, studio = quote("/" + "/".join(path), safe="/"), _HOSTS[self.cloud].studio
        return f"https://{studio}/en/monitoring/pipelineruns/{run_id}?workspace={workspace}"
