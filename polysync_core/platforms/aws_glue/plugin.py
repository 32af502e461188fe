"""Checks definitions of AWS Glue platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.domain.runs.polls.plans import SLOW
from polysync_core.outbound.sign_in.methods import AWS_METHODS
from polysync_core.platforms.aws.attributes import check_aws_platform
from polysync_core.platforms.aws.client import AwsJsonApi
from polysync_core.platforms.aws.sign_in import AwsConnection
from polysync_core.platforms.aws_glue.attributes import GlueAttributes
from polysync_core.platforms.aws_glue.client import REFUSALS, GlueClient
from polysync_core.platforms.aws_glue.job import GlueConnector
from polysync_core.platforms.aws_glue.settings import GlueSettings, check_glue_job
from polysync_core.platforms.aws_glue.states import STATES
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


def check_glue(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a Glue platform."""
    return check_aws_platform(platform, GlueAttributes, allow_loopback=allow_loopback)


def open_glue(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to the jobs of a region."""
    attributes = GlueAttributes.of(platform)
    connection = AwsConnection.open(platform, attributes, context)
    client = connection.client("glue", refused=REFUSALS)
    service = GlueClient(
        api=AwsJsonApi(client=client, target="AWSGlue", next_key="NextToken"),
        region=attributes.region,
        now=context.http.timer.now,
    )
    jobs = GlueConnector(service=service, defaults=attributes, job_type=JobType.GLUE_JOB)

    def check_access() -> str:
        next(service.jobs(), None)
        return f"Reached AWS Glue at {client.base.host}; its jobs are readable."

    return LivePlatform(
        plugin=PLUGIN,
        jobs={JobType.GLUE_JOB: jobs},
        discoveries=[Discovery(job_types=frozenset({JobType.GLUE_JOB}), find=jobs.find)],
        check_access=check_access,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.AWS_GLUE,
    jobs={
        JobType.GLUE_JOB: JobTypePlugin(
            check=check_glue_job,
            settings=GlueSettings,
            external_id_hint="The name of the job in Glue.",
            capabilities=USUAL_CAPABILITIES - {Capability.OUTPUTS},
            states=STATES,
            plan=SLOW,
        )
    },
    sign_in=AWS_METHODS,
    check=check_glue,
    attributes=GlueAttributes,
    open=open_glue,
    announces_sends=True,
)
