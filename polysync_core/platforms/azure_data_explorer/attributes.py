"""Defines the attributes of an Azure Data Explorer platform, such as the cluster URL."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated
from urllib.parse import quote

from pydantic import StringConstraints

from polysync_core.domain.definitions.platforms import Platform
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.outbound.hosts import BaseAddress, HostRule
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.platforms.azure.attributes import AzureAttributes


@dataclass(frozen=True, slots=True)
class _Hosts:
    suffixes: tuple[str, ...]
    audience: str
    """The audience of tokens for every cluster of the cloud."""
    portal: str


# Source of the suffixes and audiences: `wellKnownKustoEndpoints.json` of azure-kusto-data.
_HOSTS = {
    Cloud.PUBLIC: _Hosts(
        (".kusto.windows.net", ".kusto.fabric.microsoft.com", ".kusto.azuresynapse.net"),
        "https://kusto.kusto.windows.net",
        "dataexplorer.azure.com",
    ),
    Cloud.US_GOVERNMENT: _Hosts(
        (".kusto.usgovcloudapi.net",),
        "https://kusto.kusto.usgovcloudapi.net",
        "dataexplorer.azure.us",
    ),
    Cloud.CHINA: _Hosts(
        (".kusto.chinacloudapi.cn", ".kusto.azuresynapse.azure.cn"),
        "https://kusto.kusto.chinacloudapi.cn",
        "dataexplorer.azure.cn",
    ),
}


class ClusterAttributes(AzureAttributes):
    """`attributes` of an Azure Data Explorer platform."""

    cluster_url: Annotated[str, StringConstraints(min_length=1, max_length=300)]
    """The address of the cluster, such as `https://sales.westeurope.kusto.windows.net`."""

    @property
    def scope(self) -> str:
        """The token scope for the cluster."""
        return f"{_HOSTS[self.cloud].audience}/.default"

    def cluster(self) -> BaseAddress:
        """Return the address of the cluster; raise `Invalid` for another host."""
        rule = HostRule(
            suffixes=_HOSTS[self.cloud].suffixes,
            example="https://sales.westeurope.kusto.windows.net",
        )
        return rule.read(self.cluster_url, path="attributes.clusterUrl")

    def database_page(self, database: str) -> str:
        """Return the address of a database's page."""
        cluster = self.cluster().host.removesuffix(".kusto.windows.net")
        name = quote(database, safe="")
        return f"https://{_HOSTS[self.cloud].portal}/clusters/{cluster}/databases/{name}"


def check_data_explorer(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a Data Explorer platform."""
    try:
        attributes = ClusterAttributes.of(platform)
        attributes.address(attributes.cluster(), allow_loopback=allow_loopback)
    except Invalid as error:
        return list(error.problems)
    return []
