"""Checks definitions of AWS Batch platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import PlatformRefused, Problem
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.polls.plans import SLOW
from polysync_core.outbound.sign_in.methods import AWS_METHODS
from polysync_core.platforms.aws.attributes import check_aws_platform
from polysync_core.platforms.aws.sign_in import AwsConnection
from polysync_core.platforms.aws_batch.attributes import BatchAttributes
from polysync_core.platforms.aws_batch.batch_job import BatchConnector
from polysync_core.platforms.aws_batch.client import REFUSALS, BatchClient
from polysync_core.platforms.aws_batch.settings import (
    BatchSettings,
    check_batch_job,
    normal_definition,
)
from polysync_core.platforms.aws_batch.states import STATES
from polysync_core.platforms.connector import Connector
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
    """Return the problems of a Batch platform."""
    return check_aws_platform(platform, BatchAttributes, allow_loopback=allow_loopback)


def open_batch(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to the job definitions and queues of a region."""
    attributes = BatchAttributes.of(platform)
    client = AwsConnection.open(platform, attributes, context).client("batch", refused=REFUSALS)
    service = BatchClient(client=client, region=attributes.region, now=context.http.timer.now)
    jobs = BatchConnector(
        service=service,
        default_queue=attributes.default_job_queue,
        job_type=JobType.AWS_BATCH_JOB,
    )

    def check_access() -> str:
        if not service.queues(attributes.default_job_queue) and attributes.default_job_queue:
            raise PlatformRefused(
                "AWS Batch has no such job queue: check defaultJobQueue and region",
                cause=FailureCause.SUBMIT,
            )
        return f"Reached AWS Batch at {client.base.host}; its job queues are readable."

    return LivePlatform(
        plugin=PLUGIN,
        jobs={JobType.AWS_BATCH_JOB: jobs},
        discoveries=[Discovery(job_types=frozenset({JobType.AWS_BATCH_JOB}), find=jobs.find)],
        check_access=check_access,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.AWS_BATCH,
    jobs={
        JobType.AWS_BATCH_JOB: JobTypePlugin(
            check=check_batch_job,
            settings=BatchSettings,
            external_id_hint="The job definition: load-sales, or load-sales:3, or its ARN.",
            capabilities=USUAL_CAPABILITIES - {Capability.OUTPUTS},
            normal_id=normal_definition,
            states=STATES,
            plan=SLOW,
        )
    },
    sign_in=AWS_METHODS,
    check=check_batch,
    attributes=BatchAttributes,
    open=open_batch,
    announces_sends=True,
)
