"""Jobs of a workspace by HTTP, answered as AppKit answers."""

from __future__ import annotations

import logging
from typing import cast

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from polysync_core.api.jobs.appkit_protocol import EventId, RunBody
from polysync_core.api.jobs.requests import Answer, Cancelling, Execution, Listing, Reading
from polysync_core.api.runs.streams import looks_of, nothing_more, streamed
from polysync_core.appkit.errors import CallFailed, ParametersRefused, RunIdRefused
from polysync_core.appkit.javascript import leading_number
from polysync_core.appkit.jobs import LakeflowJob, LakeflowJobs, started_run
from polysync_core.appkit.outcome import Done, ExecutionResult, Failed
from polysync_core.appkit.shapes import RunStarted
from polysync_core.appkit.watching import life_cycle_state
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject

MOST_PARAMETERS = 50
"""Where no schema says which parameters there are."""

_HIGHEST_RUN_ID = 2**63 - 1

_log = logging.getLogger(__name__)


class _Json(JSONResponse):
    media_type = "application/json; charset=utf-8"


class LakeflowRuns:
    """Answers for the keys of the environment."""

    def __init__(self, jobs: LakeflowJobs) -> None:
        self._jobs = jobs

    def execute(self, name: str, execution: Execution) -> Response:
        """Start a run."""
        job = self._job(name, execution.user)
        if execution.last_event is not None:
            return _resumed(job, execution.last_event.run, execution.last_event)
        fields = _fields(job, execution.body)

        def start() -> ExecutionResult[RunStarted]:
            asking = execution.asking
            result = job.start(fields, asking.idempotency_key, asked_by=asking.actor)
            _record(job, execution, result)
            return result

        if execution.streams:
            return streamed(looks_of(job.following(lambda: started_run(start()))))
        started = _data(start())
        return _Json({"runId": started["run_id"]} if "run_id" in started else {})

    def list_runs(self, name: str, listing: Listing) -> Answer:
        """List runs, newest first."""
        runs = _data(self._job(name, listing.user).list_runs(listing.limit))
        return _Json({"runs": runs})

    def read(self, name: str, reading: Reading) -> Answer:
        """Read a run, exactly as Databricks gives it."""
        job = self._job(name, reading.user)
        run_id = _run_id(reading.run_id)
        if reading.streams:
            return _resumed(job, str(run_id), reading.last_event)
        return _Json(_data(job.get_run(run_id)))

    def status(self, name: str, user: Request | None) -> Answer:
        """Read the newest run."""
        run = cast("JsonObject | None", _data(self._job(name, user).last_run()))
        return _Json({"status": run and life_cycle_state(run), "run": run})

    def cancel(self, name: str, cancelling: Cancelling) -> None:
        """Stop a run."""
        _data(self._job(name, cancelling.user).cancel_run(_run_id(cancelling.run_id)))

    def _job(self, name: str, user: Request | None) -> LakeflowJob:
        job = self._jobs(name)
        return job if user is None else job.as_user(user)


def _fields(job: LakeflowJob, body: RunBody) -> JsonObject:
    given = body.given()
    if given is not None and job.key.options.params is None:
        _check_unjudged(job, given)
    return job.fields_of(given)


def _check_unjudged(job: LakeflowJob, given: JsonObject) -> None:
    """Refuse what no schema stands behind."""
    if job.key.options.task_type is None:
        text = "This job does not accept parameters"
        remedy = f"leave it out, or configure a task type or a schema for '{job.key.name}'"
        raise ParametersRefused(text, [Problem("params", remedy)])
    if len(given) > MOST_PARAMETERS:
        text = (
            f"Too many parameters ({len(given)}). Define a Zod schema to accept more than"
            f" {MOST_PARAMETERS}."
        )
        remedy = f"has at most {MOST_PARAMETERS}, unless a schema is configured"
        raise ParametersRefused(text, [Problem("params", remedy)])


def _resumed(job: LakeflowJob, run: str, last_event: EventId | None) -> Response:
    """Follow a run that there is, from behind what its client has seen."""
    run_id = _run_id(run)
    seen = last_event if last_event is not None and last_event.run == str(run_id) else None
    _data(job.get_run(run_id))
    if seen is not None and seen.is_last:
        return nothing_more()
    after = 0 if seen is None else seen.sequence
    return streamed(looks_of(job.following(lambda: run_id, after=after)))


def _run_id(text: str) -> int:
    number = leading_number(text) or 0
    if not 0 < number <= _HIGHEST_RUN_ID:
        raise RunIdRefused
    return number


def _data[T](result: ExecutionResult[T]) -> T:
    if isinstance(result, Failed):
        raise CallFailed(result.status, result.message, result.retry_after)
    return result.data


def _record(job: LakeflowJob, execution: Execution, result: ExecutionResult[RunStarted]) -> None:
    """Write down who has asked for a run, whoever it is that Databricks knows of."""
    run_id = result.data.get("run_id") if isinstance(result, Done) else None
    _log.info(
        "A run of a Databricks job was asked for.",
        extra={
            "action": "lakeflow_run_asked",
            "job": job.key.name,
            "run_id": run_id,
            "actor": execution.asking.actor,
            "as_user": job.user is not None,
        },
    )
    if execution.record is not None and run_id is not None:
        execution.record.tell_run(str(run_id))
