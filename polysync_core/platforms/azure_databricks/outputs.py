"""Reads the exit value of a notebook (`dbutils.notebook.exit`) as outputs.

Databricks returns the first 5 MB of the value by the run id of the task, and a flag for more:
https://docs.databricks.com/api/workspace/jobs/getrunoutput
"""

from __future__ import annotations

from dataclasses import dataclass, replace

from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.errors import Invalid, Malformed, PlatformRefused, TooLarge
from polysync_core.domain.json_types import JsonObject
from polysync_core.domain.strict_documents import read_json
from polysync_core.platforms.azure_databricks.client import RunClient
from polysync_core.platforms.azure_databricks.refusals import refused_for_run
from polysync_core.platforms.calls import AnswerTooLarge, UnexpectedAnswer
from polysync_core.platforms.connector import ProviderStatus, Report, RunNotFound
from polysync_core.platforms.platform_client import PlatformClient

OUTPUTS_FROM_EXIT_VALUE = "outputsFromExitValue"
"""The setting that makes the exit value of a notebook the outputs of its run."""
WHOLE_VALUE = "result"
"""The output for an exit value that is not a JSON object."""
_SEVERAL_TASKS = (
    "The job has several tasks now, so it has no single exit value: import it again as a"
    " DatabricksWorkflow, or give it one task."
)
_REMEDY = "exit with the path of the data instead"


@dataclass(frozen=True, slots=True)
class ExitValue:
    """The exit value in Databricks; `text` is None if the notebook set none."""

    text: str | None
    truncated: bool
    is_of_failure: bool = False
    """Whether Databricks returns an error instead of a value."""

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
        try:
            value = read_json(self.text.encode("utf-8", "surrogatepass"))
        except Malformed:
            value = self.text
        return value if isinstance(value, dict) else {WHOLE_VALUE: self.text}


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


def _read_value(task_run_id: int, client: PlatformClient) -> ExitValue:
    return client.get(
        "api",
        "2.2",
        "jobs",
        "runs",
        "get-output",
        query={"run_id": task_run_id},
        read=ExitValue.of,
        refused=refused_for_run(str(task_run_id)),
    )
