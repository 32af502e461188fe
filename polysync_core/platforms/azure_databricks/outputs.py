"""The value that a notebook exits with (`dbutils.notebook.exit`), as outputs.

Databricks hands out the first 5 MB of it, by the id of the task's own run, and says whether there
was more: https://docs.databricks.com/api/workspace/jobs/getrunoutput
"""

from __future__ import annotations

from dataclasses import dataclass, replace

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
"""The output that holds an exit value which is no JSON object."""
_REMEDY = "exit with the path of the data instead"
_UNAUTHORIZED = 401


@dataclass(frozen=True, slots=True)
class ExitValue:
    """What Databricks kept of an exit value; `text` is None where the notebook gave none."""

    text: str | None
    truncated: bool

    @classmethod
    def of(cls, answer: JsonObject) -> ExitValue:
        """Return the exit value in an answer of `runs/get-output`."""
        match answer.get("notebook_output"):
            case None:
                return cls(None, False)
            case {"result": str(text), "truncated": True}:
                return cls(text, True)
            case {"result": str(text)}:
                return cls(text, False)
            case {**others} if others.get("result") is None:
                return cls(None, False)
            case _:
                raise UnexpectedAnswer

    def outputs(self) -> JsonObject:
        """Return one output for each key of a JSON object; anything else is the output `result`.

        Raises `TooLarge`, and `Invalid` for an object that holds what is not stored.
        """
        if self.truncated:
            raise TooLarge(f"Databricks hands out 5 MB of it and there is more: {_REMEDY}")
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
    """Return the state of a run, at its good end with the outputs that its Job asks for."""
    report, task_run_id = runs.look(run_id)
    if report.status is not ProviderStatus.SUCCESS or not reads_exit_value(job):
        return report
    return with_exit_value(report, task_run_id, client)


def with_exit_value(report: Report, task_run_id: int, client: PlatformClient) -> Report:
    """Return the report of a successful run with the outputs that its notebook exited with.

    The run has succeeded, whatever becomes of the value: what keeps it away is said in the report.
    Raises `Unavailable`, and `PlatformRefused` where the credential is refused: asked again later,
    the same question may be answered.
    """
    try:
        return replace(report, outputs=_read_value(task_run_id, client).outputs())
    except PlatformRefused as error:
        if error.status == _UNAUTHORIZED:
            raise
        reason = str(error)
    except (TooLarge, Invalid, RunNotFound, AnswerTooLarge) as error:
        reason = str(error)
    return replace(report, outputs_missing=f"The notebook's exit value was not kept: {reason}.")


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
