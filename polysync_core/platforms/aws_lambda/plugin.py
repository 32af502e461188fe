"""Checks definitions of AWS Lambda platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.outbound.sign_in.methods import AWS_METHODS
from polysync_core.platforms.aws.attributes import check_aws_platform
from polysync_core.platforms.aws.sign_in import AwsConnection
from polysync_core.platforms.aws_lambda.attributes import LambdaAttributes
from polysync_core.platforms.aws_lambda.discovery import LambdaDiscovery
from polysync_core.platforms.aws_lambda.lambda_function import STATES, LambdaConnector
from polysync_core.platforms.aws_lambda.refusals import REFUSALS
from polysync_core.platforms.aws_lambda.settings import LambdaSettings, check_lambda_job
from polysync_core.platforms.connector import Connector
from polysync_core.platforms.plugin import (
    Capability,
    Discovery,
    JobTypePlugin,
    LivePlatform,
    PlatformPlugin,
    PluginContext,
)


def check_aws_lambda(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of an AWS Lambda platform."""
    return check_aws_platform(platform, LambdaAttributes, allow_loopback=allow_loopback)


def open_aws_lambda(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to the functions of a region."""
    attributes = LambdaAttributes.of(platform)
    client = AwsConnection.open(platform, attributes, context).client("lambda", refused=REFUSALS)
    discovery = LambdaDiscovery(client)

    def check_access() -> str:
        discovery.check_access()
        return f"Reached {client.base.host}; the functions of {attributes.region} can be listed."

    return LivePlatform(
        plugin=PLUGIN,
        jobs={
            JobType.AWS_LAMBDA_FUNCTION: LambdaConnector(
                client=client, attributes=attributes, discovery=discovery
            )
        },
        discoveries=[
            Discovery(job_types=frozenset({JobType.AWS_LAMBDA_FUNCTION}), find=discovery.find)
        ],
        check_access=check_access,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.AWS_LAMBDA,
    jobs={
        JobType.AWS_LAMBDA_FUNCTION: JobTypePlugin(
            check=check_lambda_job,
            settings=LambdaSettings,
            external_id_hint="The name of the function, or its ARN without a version.",
            capabilities=frozenset({Capability.OUTPUTS, Capability.DISCOVERY}),
            states=STATES,
        )
    },
    sign_in=AWS_METHODS,
    check=check_aws_lambda,
    attributes=LambdaAttributes,
    open=open_aws_lambda,
    announces_sends=True,
)
