"""Defines the attributes of an Azure Kubernetes platform, such as cluster name and namespace."""

from __future__ import annotations

from typing import Annotated

from pydantic import StringConstraints

from polysync_core.outbound.hosts import HostRule
from polysync_core.outbound.sign_in.clouds import Cloud
from polysync_core.platforms.azure.attributes import ArmAttributes
from polysync_core.platforms.azure.clouds import portal_url

# A private cluster has a host such as `<name>.<guid>.privatelink.westeurope.azmk8s.io`.
_SUFFIXES = {
    Cloud.PUBLIC: ".azmk8s.io",
    Cloud.US_GOVERNMENT: ".cx.aks.containerservice.azure.us",
    Cloud.CHINA: ".cx.prod.service.azk8s.cn",
}


class KubernetesAttributes(ArmAttributes):
    """`attributes` of an Azure Kubernetes platform."""

    cluster_name: Annotated[
        str, StringConstraints(pattern=r"^[A-Za-z0-9](?:[A-Za-z0-9_-]{0,61}[A-Za-z0-9])?$")
    ]
    """The name of the cluster."""
    namespace: Annotated[str, StringConstraints(pattern=r"^[a-z0-9](?:[a-z0-9-]{0,61}[a-z0-9])?$")]
    """The namespace of the Jobs and CronJobs."""

    @property
    def path(self) -> tuple[str, ...]:
        """The path of the cluster in Azure Resource Manager."""
        provider = "Microsoft.ContainerService"
        return self.resource(provider, "managedClusters", self.cluster_name)

    @property
    def page(self) -> str:
        """The address of the cluster's workloads in the Azure portal."""
        return f"{portal_url(self.cloud)}/#resource/{'/'.join(self.path)}/workloads"

    @property
    def server_rule(self) -> HostRule:
        """The rule for the address of the API server, which the cluster itself reports."""
        suffix = _SUFFIXES[self.cloud]
        return HostRule(
            suffixes=(suffix,),
            example=f"https://name.hcp.region{suffix}",
            allow_loopback=self.endpoint is not None,
        )
