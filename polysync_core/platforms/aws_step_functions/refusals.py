"""Maps error responses of AWS Step Functions to errors with a remedy."""

from __future__ import annotations

from polysync_core.domain.errors import PlatformRefused, PolysyncError
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.aws.refusals import AwsRefusals, error_code
from polysync_core.platforms.calls import Refusal
from polysync_core.platforms.connector import RunNotFound

_GONE = (
    "the state machine, or its version or alias, does not exist: check externalId and that the"
    " platform signs in to the same account and region"
)
_KEY = "allow the identity to use the KMS key of the state machine, and enable the key"

REFUSALS = AwsRefusals(
    service="AWS Step Functions",
    permission=(
        "allow states:StartExecution, StartSyncExecution, DescribeExecution, StopExecution,"
        " RedriveExecution, GetExecutionHistory, ListExecutions, DescribeStateMachine,"
        " DescribeStateMachineAlias and ListStateMachines"
    ),
    missing={
        "InvalidArn": _GONE,
        "ResourceNotFound": _GONE,
        "StateMachineDeleting": "the state machine is being deleted",
        "StateMachineDoesNotExist": _GONE,
    },
    remedies={
        "ExecutionNotRedrivable": (
            "the execution cannot be redriven: it has succeeded, or it ended more than 14 days ago,"
            " or its history is too long; start a new run"
        ),
        "KmsAccessDeniedException": _KEY,
        "KmsInvalidStateException": _KEY,
    },
    parameters={"InvalidExecutionInput"},
    transient={"ExecutionLimitExceeded", "KmsThrottlingException"},
)


class AlreadyStarted(PlatformRefused):
    """An execution with this name exists: an earlier submit of the attempt has started it."""


def refused_start(refusal: Refusal) -> PolysyncError:
    """Return the error for a refused start."""
    error = REFUSALS(refusal)
    if error_code(refusal) != "ExecutionAlreadyExists":
        return error
    return AlreadyStarted(str(error), cause=FailureCause.SUBMIT, status=refusal.status)


def refused_for_execution(refusal: Refusal) -> PolysyncError:
    """Return the error for a call about an execution."""
    if error_code(refusal) in {"ExecutionDoesNotExist", "InvalidArn"}:
        return RunNotFound("AWS Step Functions has no execution with this ARN.")
    return REFUSALS(refusal)
