"""Checks definitions of Azure Kubernetes Service platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.outbound.sign_in.methods import ENTRA_METHODS
from polysync_core.platforms.azure.attributes import check_azure_platform
from polysync_core.platforms.azure_kubernetes.attributes import KubernetesAttributes
from polysync_core.platforms.azure_kubernetes.client import KubernetesClient
from polysync_core.platforms.azure_kubernetes.job import CRON_JOBS, JOBS, KubernetesJobConnector
from polysync_core.platforms.azure_kubernetes.settings import (
    OUTPUTS_FROM_TERMINATION_MESSAGE,
    KubernetesSettings,
)
from polysync_core.platforms.azure_kubernetes.states import STATES
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.plugin import (
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)

_KINDS = {
    JOBS: (
        "The name of a Job in the namespace, such as load-sales. Each run is a new Job with a copy"
        " of its specification."
    ),
    CRON_JOBS: (
        "The name of a CronJob in the namespace, such as load-sales. Each run is a new Job from its"
        " template."
    ),
}


def check_kubernetes(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of an Azure Kubernetes platform."""
    return check_azure_platform(platform, KubernetesAttributes, allow_loopback=allow_loopback)


def open_kubernetes(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to a namespace of a cluster."""
    client = KubernetesClient(platform, context)
    jobs = {str(kind.job_type): KubernetesJobConnector(client, kind) for kind in _KINDS}
    return LivePlatform(
        plugin=PLUGIN,
        jobs=jobs,
        discoveries=[
            Discovery(job_types=frozenset({job_type}), find=each.find)
            for job_type, each in jobs.items()
        ],
        check_access=client.check_access,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.AZURE_KUBERNETES,
    jobs={
        kind.job_type: JobTypePlugin(
            check=kind.check,
            settings=KubernetesSettings,
            external_id_hint=hint,
            outputs_setting=OUTPUTS_FROM_TERMINATION_MESSAGE,
            states=STATES,
        )
        for kind, hint in _KINDS.items()
    },
    sign_in=ENTRA_METHODS,
    check=check_kubernetes,
    attributes=KubernetesAttributes,
    open=open_kubernetes,
    announces_sends=True,
)
