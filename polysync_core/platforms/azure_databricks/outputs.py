"""Reads a notebook's exit value as outputs, and the errors of failed tasks.

Databricks returns the first 5 MB of the value by the run id of the task, and a flag for more:
https://docs.databricks.com/api/workspace/jobs/getrunoutput
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from itertools import islice

from polysync_core.domain.definitions.jobs import Job, SubmitSettings
from polysync_core.domain.errors import Invalid, PlatformRefused, TooLarge
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import MAX_PARTS, FailureDetail, FailureDetails
from polysync_core.platforms.azure_databricks.answers import number_of
from polysync_core.platforms.azure_databricks.client import CAN_VIEW, JOBS_API, RunClient
from polysync_core.platforms.azure_databricks.refusals import needing, refused_for_run
from polysync_core.platforms.azure_databricks.states import RunState
from polysync_core.platforms.calls import AnswerTooLarge, UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, RunNotFound
from polysync_core.platforms.platform_client import PlatformClient
from polysync_core.platforms.values import outputs_in

OUTPUTS_FROM_EXIT_VALUE = "outputsFromExitValue"
"""The setting that makes the exit value of a notebook the outputs of its run."""
_SEVERAL_TASKS = (
    "The job has several tasks now, so it has no single exit value: import it again as a"
    " DatabricksWorkflow, or give it one task."
)
_REMEDY = "exit with the path of the data instead"
_MAX_TASKS = 3000
"""The maximum number of task runs to read per run; a run has at most 1000 tasks, with retries."""


class OutputSettings(SubmitSettings):
    """`settings` of a Job that may take the exit value of a notebook as outputs."""

    outputs_from_exit_value: bool = False
    """True if the exit value of the notebook becomes the outputs of the run."""


@dataclass(frozen=True, slots=True)
class ExitValue:
    """The exit value in Databricks; `text` is None if the notebook set none."""

    text: str | None
    truncated: bool
    is_of_failure: bool = False
    """True if Databricks returns an error instead of a value."""

    @classmethod
    def of(cls, answer: JsonObject) -> ExitValue:
        """Return the exit value in an answer of `runs/get-output`."""
        failed = bool(answer.get("error"))
        match answer.get("notebook_output"):
            case None:
                return cls(None, False, failed)
            case {"result": str(text), "truncated": True}:
                return cls(text, True)
            case {"result": str(text)}:
                return cls(text, False)
            case {**others} if others.get("result") is None:
                return cls(None, False, failed)
            case _:
                raise UnexpectedAnswer

    def outputs(self) -> JsonObject:
        """Return one output per key of a JSON object; any other value is the output `result`.

        Raises `TooLarge`, and `Invalid` for an object with a value that cannot be stored.
        """
        if self.truncated:
            raise TooLarge(f"Databricks returns at most 5 MB, and the value is longer: {_REMEDY}")
        if self.text is None:
            return {}
        return outputs_in(self.text)


def reads_exit_value(job: Job) -> bool:
    """Return whether the Job takes the exit value of its notebook as outputs."""
    return job.settings.get(OUTPUTS_FROM_EXIT_VALUE) is True


def read_with_outputs(job: Job, run_id: str, runs: RunClient, client: PlatformClient) -> Report:
    """Return the state of a run; a successful run includes its Job's outputs."""
    report, task_run_id = runs.read_with_task(run_id)
    if report.status is not ProviderStatus.SUCCESS or not reads_exit_value(job):
        return report
    if task_run_id is None:
        return replace(report, outputs_missing=_SEVERAL_TASKS)
    return with_exit_value(report, task_run_id, client)


def with_exit_value(report: Report, task_run_id: int, client: PlatformClient) -> Report:
    """Return the report of a successful run with its notebook's outputs.

    A missing exit value does not fail the run: the report states why the value is missing. Raises
    `Unavailable`, and `PlatformRefused` for a refused credential, because a later read may succeed.
    """
    try:
        value = _read_value(task_run_id, client)
        if not value.is_of_failure:
            return replace(report, outputs=value.outputs())
        reason = "Databricks returns an error for the task's run"
    except PlatformRefused as error:
        if error.cause is FailureCause.SECRET:
            raise
        reason = str(error)
    except (TooLarge, Invalid, RunNotFound, AnswerTooLarge) as error:
        reason = str(error)
    return replace(report, outputs_missing=f"The notebook's exit value is missing: {reason}.")


def failed_tasks(run_id: str, runs: RunClient, client: PlatformClient) -> FailureDetails:
    """Return the error and the trace of the last try of each failed task."""
    tasks = sorted(
        islice(runs.tasks(run_id), _MAX_TASKS),
        key=lambda task: number_of(task, "attempt_number") or 0,
    )
    newest = {str(task.get("task_key") or ""): task for task in tasks}
    failed = [task for task in newest.values() if _has_failed(task)]
    parts = tuple(_failure_of(task, client) for task in failed[:MAX_PARTS])
    more = len(failed) - len(parts)
    return FailureDetails(
        parts=parts, note=f"{more} more failed tasks are not shown." if more else None
    )


def _has_failed(task: JsonObject) -> bool:
    """Return whether a task itself failed; a task that its upstream kept from running did not."""
    state = RunState.of(task)
    failed = state is not None and state.status is ProviderStatus.FAILED
    return failed and state is not None and state.result != "UPSTREAM_FAILED"


def _failure_of(task: JsonObject, client: PlatformClient) -> FailureDetail:
    part, state = str(task.get("task_key") or ""), RunState.of(task)
    message = "" if state is None else state.message
    number = number_of(task, "run_id")
    if number is None:
        return FailureDetail(part=part, error=message)
    try:
        output = _output(number, client, _Failure.of)
    except PlatformRefused as error:
        if error.cause is FailureCause.SECRET:
            raise
        return FailureDetail(part=part, error=f"{message} (Its output is missing: {error}.)")
    except (RunNotFound, AnswerTooLarge) as error:
        return FailureDetail(part=part, error=f"{message} (Its output is missing: {error}.)")
    return FailureDetail(part=part, error=output.error or message, trace=output.trace)


@dataclass(frozen=True, slots=True)
class _Failure:
    """The error in an answer of `runs/get-output`."""

    error: str
    trace: str

    @classmethod
    def of(cls, answer: JsonObject) -> _Failure:
        texts = {name: answer.get(name) for name in ("error", "error_trace", "logs")}
        error, trace, logs = (text if isinstance(text, str) else "" for text in texts.values())
        # A script has no trace: its log ends with the failure.
        return cls(error, trace or logs)


def _read_value(task_run_id: int, client: PlatformClient) -> ExitValue:
    return _output(task_run_id, client, ExitValue.of)


def _output[T](task_run_id: int, client: PlatformClient, read: Callable[[JsonObject], T]) -> T:
    return client.get(
        *JOBS_API,
        "runs",
        "get-output",
        query={"run_id": task_run_id},
        read=read,
        refused=needing(CAN_VIEW, refused_for_run(str(task_run_id))),
    )
