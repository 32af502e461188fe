"""Defines the result types of Databricks calls, and the types of Databricks runs and jobs.

A refusal by Databricks is a result and not an exception. The types name the fields that programs
use most; further fields are passed through. https://docs.databricks.com/api/azure/workspace/jobs
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from http import HTTPStatus
from typing import Any, Literal, TypedDict

from polysync_core.appkit.errors import InvalidParameters
from polysync_core.domain.errors import PlatformRefused, Problem, Unavailable, Uncertain
from polysync_core.domain.runs.failures.causes import FailureCause

INTERNAL = HTTPStatus.INTERNAL_SERVER_ERROR.value

_PHRASES = {
    # Python has newer phrases for these statuses than AppKit's clients.
    413: "Payload Too Large",
    422: "Unprocessable Entity",
    509: "Bandwidth Limit Exceeded",
}


@dataclass(frozen=True, slots=True, kw_only=True)
class Done[T]:
    """Databricks executed the call."""

    data: T
    ok: Literal[True] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Failed:
    """Databricks refused the call or did not answer."""

    status: int
    """Databricks' HTTP status; 500 if there was no usable answer."""
    message: str
    """The standard phrase of the status, or the problems with the parameters."""
    retry_after: float | None = None
    """Seconds that Databricks asks to wait."""
    problems: Sequence[Problem] = field(default=(), compare=False)
    """The fields of the parameters that are wrong, each with its rule."""
    detail: str = field(default="", compare=False)
    """The cause in this program, such as a failed sign-in; never a text from Databricks."""
    ok: Literal[False] = False


type ExecutionResult[T] = Done[T] | Failed


class WorkspaceRunState(TypedDict, total=False):
    """The state of a run."""

    life_cycle_state: str
    result_state: str
    state_message: str


class Run(TypedDict, total=False):
    """A run."""

    run_id: int
    job_id: int
    run_name: str
    run_page_url: str
    creator_user_name: str
    state: WorkspaceRunState
    start_time: int
    end_time: int
    tasks: list[dict[str, Any]]


class RunStarted(TypedDict, total=False):
    """The answer to the start of a run."""

    run_id: int
    number_in_job: int


class RunOutput(TypedDict, total=False):
    """The output of a run."""

    metadata: Run
    notebook_output: dict[str, Any]
    error: str
    error_trace: str
    logs: str


class TaskOutput(TypedDict, total=False):
    """The output of one task of a run."""

    task: Mapping[str, Any]
    """The task as its run describes it."""
    state: Mapping[str, Any]
    output: RunOutput
    refusal: str
    """The status with which Databricks refused the output, if it did."""


class JobSettings(TypedDict, total=False):
    """The settings of a job."""

    name: str
    tasks: list[dict[str, Any]]


class WorkspaceJob(TypedDict, total=False):
    """A job as the workspace describes it."""

    job_id: int
    creator_user_name: str
    settings: JobSettings


def failed(error: PlatformRefused | Unavailable | Uncertain) -> Failed:
    """Return the failure of an error, without any text from Databricks."""
    status = error.status or INTERNAL
    if status < HTTPStatus.BAD_REQUEST:
        status = INTERNAL
    retry_after = error.retry_after if isinstance(error, Unavailable) else None
    is_sign_in = isinstance(error, PlatformRefused) and error.cause is FailureCause.SECRET
    return Failed(
        status=status,
        message=phrase(status),
        retry_after=retry_after,
        detail=str(error) if is_sign_in else "",
    )


def refused(error: InvalidParameters) -> Failed:
    """Return the failure of invalid parameters, which names each field and its rule."""
    problems = error.problems
    text = "; ".join([str(each) for each in problems])
    return Failed(
        status=HTTPStatus.BAD_REQUEST.value,
        message=f"{error.text}: {text}" if text else error.text,
        problems=problems,
    )


def phrase(status: int) -> str:
    """Return the standard phrase of a status."""
    if status in _PHRASES:
        return _PHRASES[status]
    try:
        return HTTPStatus(status).phrase
    except ValueError:
        return "Unknown Error"
