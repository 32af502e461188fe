"""Defines the plugin of Azure Batch, which checks definitions and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.runs.polls.plans import SLOW
from polysync_core.outbound.sign_in.methods import ENTRA_METHODS
from polysync_core.platforms.azure.refusals import azure_credential_rules
from polysync_core.platforms.azure.sign_in import entra_authenticator
from polysync_core.platforms.azure_batch.attributes import BatchAttributes
from polysync_core.platforms.azure_batch.batch_job import (
    BatchJobConnector,
    BatchSettings,
    check_job,
)
from polysync_core.platforms.azure_batch.client import BatchClient
from polysync_core.platforms.azure_batch.refusals import refused
from polysync_core.platforms.azure_batch.states import STATES
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.plugin import (
    USUAL_CAPABILITIES,
    Capability,
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)


def check_batch(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of an Azure Batch platform."""
    try:
        BatchAttributes.of(platform).service_address(allow_loopback=allow_loopback)
    except Invalid as error:
        return list(error.problems)
    return []


def open_batch(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to a Batch account."""
    attributes = BatchAttributes.of(platform)
    base = attributes.service_address(allow_loopback=context.allow_loopback)
    credential = entra_authenticator(
        platform.auth, attributes.cloud, context.secrets, scope=attributes.scope, base=base
    )
    rules = azure_credential_rules(platform.auth)
    calls = PlatformClient(base, credential, refused=refused, credential=rules, http=context.http)
    client = BatchClient(client=calls, attributes=attributes, now=context.http.timer.now)
    connector = BatchJobConnector(client)
    job_type = JobType.AZURE_BATCH_JOB
    return LivePlatform(
        plugin=PLUGIN,
        jobs={job_type: connector},
        discoveries=[Discovery(job_types=frozenset({job_type}), find=connector.find)],
        check_access=client.check_access,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.AZURE_BATCH,
    jobs={
        JobType.AZURE_BATCH_JOB: JobTypePlugin(
            check=check_job,
            settings=BatchSettings,
            external_id_hint=(
                "The id of a job, such as load-sales, or of a job schedule, such as"
                " jobschedules/load-sales. Each run is a new job with copies of the tasks."
            ),
            capabilities=USUAL_CAPABILITIES - {Capability.OUTPUTS},
            states=STATES,
            plan=SLOW,
        )
    },
    sign_in=ENTRA_METHODS,
    check=check_batch,
    attributes=BatchAttributes,
    open=open_batch,
    announces_sends=True,
)
