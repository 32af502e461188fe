"""Calls the AWS Glue API for jobs and job runs, and maps error responses."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from urllib.parse import quote

from polysync_core.domain.clock import Clock
from polysync_core.domain.errors import PolysyncError, Unavailable
from polysync_core.domain.json_types import JsonObject, dicts_in, object_in
from polysync_core.outbound.sign_in.aws.partitions import console_url
from polysync_core.platforms.aws.client import AwsJsonApi
from polysync_core.platforms.aws.refusals import AwsRefusals, error_code
from polysync_core.platforms.aws_glue.states import is_run_id, run_id_in
from polysync_core.platforms.calls import Refusal, UnexpectedAnswer
from polysync_core.platforms.connector import RunNotFound

_PAGE = 25
"""The entries of a page: a run holds up to 260 KB of arguments, and a visual job its graph."""

REFUSALS = AwsRefusals(
    service="AWS Glue",
    permission="allow glue:StartJobRun, GetJobRun, GetJobRuns, BatchStopJobRun, GetJob and GetJobs",
    missing={
        "EntityNotFoundException": (
            "no Glue job has this name (case-sensitive): it was renamed or deleted; import the"
            " platform's jobs again"
        )
    },
    remedies={
        "InvalidInputException": (
            "the job does not accept the arguments or the settings: check workerType and"
            " numberOfWorkers, and sync the Job's parameters"
        ),
        "ValidationException": "the job does not accept the arguments or the settings",
    },
    transient={"OperationTimeoutException"},
)
_NO_RUN = frozenset({"EntityNotFoundException", "InvalidInputException"})
"""Error codes of a call whose only input is the id of a run."""
_AT_LIMIT = frozenset({"ConcurrentRunsExceededException", "ResourceNumberLimitExceededException"})


@dataclass(frozen=True, slots=True, kw_only=True)
class GlueClient:
    """Calls AWS Glue in one region."""

    api: AwsJsonApi
    region: str
    now: Clock

    def start(self, body: JsonObject) -> str:
        """Start a run, and return its id; only a refusal proves that nothing was started."""
        call = self.api.call("StartJobRun", body, has_effect=True, refused=_refused_for_start)
        call = replace(call, repeatable=False, busy_proves_not_started=False)
        return self.api.client.execute(call, lambda answer: run_id_in(answer, "JobRunId"))

    def run(self, job: str, run_id: str) -> JsonObject:
        """Return a run; raises `RunNotFound`."""
        _check_run_id(run_id)
        body: JsonObject = {"JobName": job, "RunId": run_id}
        return self.api.read("GetJobRun", body, _part("JobRun"), refused=_refused_for_run)

    def runs(self, job: str) -> Iterator[JsonObject]:
        """Yield the runs of a job, newest first as far as Glue keeps that order."""
        body: JsonObject = {"JobName": job, "MaxResults": _PAGE}
        return self.api.listed("GetJobRuns", body, "JobRuns")

    def job(self, name: str) -> JsonObject:
        """Return the definition of a job; raises `ArtefactNotFound`."""
        return self.api.read("GetJob", {"JobName": name}, _part("Job"))

    def jobs(self) -> Iterator[JsonObject]:
        """Yield the definitions of all jobs."""
        return self.api.listed("GetJobs", {"MaxResults": _PAGE}, "Jobs")

    def stop(self, job: str, run_id: str) -> str | None:
        """Ask Glue to stop a run, and return its error code for the run."""
        _check_run_id(run_id)
        body: JsonObject = {"JobName": job, "JobRunIds": [run_id]}
        call = self.api.call("BatchStopJobRun", body, has_effect=True)
        return self.api.client.execute(call, _stop_error)

    def page(self, job: str, run_id: str) -> str:
        """Return the address of a run's page in Glue Studio."""
        path = f"gluestudio/home?region={self.region}#/job/{quote(job, safe='')}/run/{run_id}"
        return console_url(self.region, path)


def _check_run_id(run_id: str) -> None:
    if not is_run_id(run_id):
        raise RunNotFound("the id of a Glue job run consists of letters, digits, '_' and '-'")


def _part(name: str) -> Callable[[JsonObject], JsonObject]:
    def read(answer: JsonObject) -> JsonObject:
        found = answer.get(name)
        if not isinstance(found, dict):
            raise UnexpectedAnswer
        return found

    return read


def _stop_error(answer: JsonObject) -> str | None:
    for error in dicts_in(answer, "Errors"):
        code = object_in(error, "ErrorDetail").get("ErrorCode")
        return code if isinstance(code, str) else "unknown error"
    return None


def _refused_for_run(refusal: Refusal) -> PolysyncError:
    if error_code(refusal) in _NO_RUN:
        return RunNotFound("AWS Glue has no run with this id")
    return REFUSALS(refusal)


def _refused_for_start(refusal: Refusal) -> PolysyncError:
    if error_code(refusal) in _AT_LIMIT:
        return Unavailable(
            "the Glue job or the account has its maximum number of concurrent runs: raise the"
            " maximum, set queueRuns, or limit the runs with a contention profile"
        )
    return REFUSALS(refusal)
