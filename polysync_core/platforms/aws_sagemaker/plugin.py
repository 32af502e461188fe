"""Checks definitions of Amazon SageMaker platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.domain.runs.polls.plans import SLOW
from polysync_core.outbound.sign_in.methods import AWS_METHODS
from polysync_core.platforms.aws.attributes import check_aws_platform
from polysync_core.platforms.aws.client import AwsJsonApi
from polysync_core.platforms.aws.sign_in import AwsConnection
from polysync_core.platforms.aws_sagemaker.attributes import SageMakerAttributes
from polysync_core.platforms.aws_sagemaker.client import REFUSALS, SageMakerClient
from polysync_core.platforms.aws_sagemaker.pipeline import PipelineConnector
from polysync_core.platforms.aws_sagemaker.settings import (
    SageMakerSettings,
    check_pipeline_job,
    normal_pipeline,
)
from polysync_core.platforms.aws_sagemaker.states import STATES
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.plugin import (
    Capability,
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)


def check_sagemaker(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of a SageMaker platform."""
    return check_aws_platform(platform, SageMakerAttributes, allow_loopback=allow_loopback)


def open_sagemaker(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to the pipelines of a region."""
    attributes = SageMakerAttributes.of(platform)
    connection = AwsConnection.open(platform, attributes, context)
    client = connection.client("sagemaker", refused=REFUSALS, host_prefix="api.sagemaker")
    service = SageMakerClient(
        api=AwsJsonApi(client=client, target="SageMaker", next_key="NextToken"),
        attributes=attributes,
    )
    pipelines = PipelineConnector(service=service, job_type=JobType.SAGEMAKER_PIPELINE)

    def check_access() -> str:
        next(service.pipelines(), None)
        return f"Reached Amazon SageMaker at {client.base.host}; its pipelines are readable."

    return LivePlatform(
        plugin=PLUGIN,
        jobs={JobType.SAGEMAKER_PIPELINE: pipelines},
        discoveries=[
            Discovery(job_types=frozenset({JobType.SAGEMAKER_PIPELINE}), find=pipelines.find)
        ],
        check_access=check_access,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.AWS_SAGEMAKER,
    jobs={
        JobType.SAGEMAKER_PIPELINE: JobTypePlugin(
            check=check_pipeline_job,
            settings=SageMakerSettings,
            external_id_hint="The name of the pipeline.",
            capabilities=frozenset(Capability) - {Capability.OUTPUTS},
            normal_id=normal_pipeline,
            states=STATES,
            plan=SLOW,
        )
    },
    sign_in=AWS_METHODS,
    check=check_sagemaker,
    attributes=SageMakerAttributes,
    open=open_sagemaker,
    announces_sends=True,
)
