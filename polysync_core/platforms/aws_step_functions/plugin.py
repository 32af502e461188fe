"""Checks definitions of AWS Step Functions platforms and Jobs, and opens connections."""

from __future__ import annotations

from polysync_core.domain.definitions.jobs import JobType
from polysync_core.domain.definitions.platforms import Platform, PlatformType
from polysync_core.domain.errors import Problem
from polysync_core.outbound.sign_in.methods import AWS_METHODS
from polysync_core.platforms.aws.attributes import check_aws_platform
from polysync_core.platforms.aws.client import AwsJsonApi
from polysync_core.platforms.aws.sign_in import AwsConnection
from polysync_core.platforms.aws_step_functions.attributes import StepFunctionsAttributes
from polysync_core.platforms.aws_step_functions.discovery import StateMachines
from polysync_core.platforms.aws_step_functions.refusals import REFUSALS
from polysync_core.platforms.aws_step_functions.settings import (
    StateMachineSettings,
    check_state_machine_job,
)
from polysync_core.platforms.aws_step_functions.state_machine import StateMachineConnector
from polysync_core.platforms.aws_step_functions.states import STATES
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

_TARGET = "AWSStepFunctions"
_SERVICE = "states"


def check_step_functions(platform: Platform, allow_loopback: bool) -> list[Problem]:
    """Return the problems of an AWS Step Functions platform."""
    return check_aws_platform(platform, StepFunctionsAttributes, allow_loopback=allow_loopback)


def open_step_functions(platform: Platform, context: PluginContext) -> Connector:
    """Return a connection to the state machines of a region."""
    attributes = StepFunctionsAttributes.of(platform)
    connection = AwsConnection.open(platform, attributes, context)
    client = connection.client(_SERVICE, refused=REFUSALS)
    sync = connection.client(_SERVICE, refused=REFUSALS, host_prefix="sync-states")
    api = AwsJsonApi(client=client, target=_TARGET, version="1.0")
    machines = StateMachines(api)

    def check_access() -> str:
        machines.check_access()
        return f"Reached {client.base.host}; its state machines can be listed."

    return LivePlatform(
        plugin=PLUGIN,
        jobs={
            JobType.STEP_FUNCTIONS_STATE_MACHINE: StateMachineConnector(
                api=api,
                sync_api=AwsJsonApi(client=sync, target=_TARGET, version="1.0"),
                machines=machines,
                attributes=attributes,
            )
        },
        discoveries=[
            Discovery(
                job_types=frozenset({JobType.STEP_FUNCTIONS_STATE_MACHINE}), find=machines.find
            )
        ],
        check_access=check_access,
    )


PLUGIN = PlatformPlugin(
    name=PlatformType.AWS_STEP_FUNCTIONS,
    jobs={
        JobType.STEP_FUNCTIONS_STATE_MACHINE: JobTypePlugin(
            check=check_state_machine_job,
            settings=StateMachineSettings,
            external_id_hint=(
                "The ARN of the state machine, or of one of its versions or aliases, such as"
                " arn:aws:states:eu-west-1:123456789012:stateMachine:load."
            ),
            capabilities=(USUAL_CAPABILITIES - {Capability.PARAMETERS}) | {Capability.REPAIR},
            states=STATES,
        )
    },
    sign_in=AWS_METHODS,
    check=check_step_functions,
    attributes=StepFunctionsAttributes,
    open=open_step_functions,
    announces_sends=True,
)
