"""Checks definitions of Microsoft Fabric platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.domain.runs.polls.plans import SLOW
from polysync_core.outbound.sign_in.methods import ENTRA_METHODS
from polysync_core.platforms.azure.attributes import check_azure_platform
from polysync_core.platforms.azure.sign_in import AzureService, service_client
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.microsoft_fabric.attributes import SCOPE, FabricAttributes
from polysync_core.platforms.microsoft_fabric.client import FabricClient
from polysync_core.platforms.microsoft_fabric.dataflow import DATAFLOW
from polysync_core.platforms.microsoft_fabric.item_job import ItemConnector, ItemKind
from polysync_core.platforms.microsoft_fabric.notebook import NOTEBOOK
from polysync_core.platforms.microsoft_fabric.pipeline import PIPELINE
from polysync_core.platforms.microsoft_fabric.refusals import refused
from polysync_core.platforms.microsoft_fabric.spark_job import SPARK_JOB
from polysync_core.platforms.microsoft_fabric.states import STATES
from polysync_core.platforms.plugin import (
    USUAL_CAPABILITIES,
    Capability,
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)

_KINDS = (NOTEBOOK, PIPELINE, DATAFLOW, SPARK_JOB)


def check_fabric(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a Fabric platform."""
    return check_azure_platform(platform, FabricAttributes, allow_loopback=allow_loopback)


def open_fabric(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to the items of a workspace."""
    attributes = FabricAttributes.of(platform)
    service = AzureService(
        base=attributes.service_address(allow_loopback=context.allow_loopback),
        scope=SCOPE,
        refused=refused,
    )
    fabric = FabricClient(
        client=service_client(platform, attributes.cloud, context, service),
        workspace_id=attributes.fabric_workspace_id,
        timer=context.http.timer,
    )
    jobs = {str(kind.job_type): ItemConnector(service=fabric, kind=kind) for kind in _KINDS}
    return LivePlatform(
        plugin=PLUGIN,
        jobs=jobs,
        discoveries=[
            Discovery(job_types=frozenset({job_type}), find=connector.find)
            for job_type, connector in jobs.items()
        ],
        check_access=fabric.check_access,
    )


def _job_type(kind: ItemKind) -> JobTypePlugin:
    without = frozenset({Capability.OUTPUTS}) if kind.finish is None else frozenset[Capability]()
    return JobTypePlugin(
        check=kind.check,
        settings=kind.settings,
        external_id_hint=f"The id of the {kind.title}, a GUID in the address of its page.",
        capabilities=USUAL_CAPABILITIES - without,
        normal_id=str.lower,
        states=STATES,
        plan=SLOW,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.MICROSOFT_FABRIC,
    jobs={kind.job_type: _job_type(kind) for kind in _KINDS},
    sign_in=ENTRA_METHODS,
    check=check_fabric,
    attributes=FabricAttributes,
    open=open_fabric,
    announces_sends=True,
)
