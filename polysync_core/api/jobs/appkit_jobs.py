"""Implements the routes of job runs for Databricks jobs that environment variables name."""

from __future__ import annotations

import logging
from collections.abc import Callable
from typing import cast

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from polysync_core.api.jobs.appkit_protocol import JSON_TYPE, RunBody
from polysync_core.api.jobs.requests import (
    Answer,
    CancelRequest,
    ListRequest,
    OutputsRequest,
    ReadRequest,
    StartRequest,
)
from polysync_core.api.jobs.streams import no_more_events, snapshot_events, stream_response
from polysync_core.api.jobs.views import (
    DatabricksRunsView,
    DatabricksStatusView,
    RunOutputsView,
    StartedDatabricksRun,
    TaskOutputView,
)
from polysync_core.api.models import Json, View
from polysync_core.appkit.errors import InvalidParameters, InvalidRunId
from polysync_core.appkit.javascript import leading_number
from polysync_core.appkit.jobs import AppKitJob, AppKitJobs, failure_of, started_run
from polysync_core.appkit.named_jobs import MAX_ID
from polysync_core.appkit.polling import life_cycle_state
from polysync_core.appkit.results import (
    Done,
    ExecutionResult,
    Failed,
    RunStarted,
    TaskOutput,
)
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject

MAX_PARAMETERS = 50
"""The limit for jobs without a parameter schema."""

_log = logging.getLogger(__name__)


class _Json(JSONResponse):
    media_type = JSON_TYPE


class AppKitHandler:
    """Handles requests for the jobs that the environment names."""

    def __init__(self, jobs: AppKitJobs) -> None:
        self._jobs = jobs

    def start(self, name: str, request: StartRequest) -> Response:
        """Start a run."""
        job = self._job(name, request.user)
        if request.last_event is not None:
            return _resumed(job, request.last_event.run, request)
        fields = _fields(job, request.body)

        def start() -> ExecutionResult[RunStarted]:
            requester = request.requester
            result = job.start(fields, requester.idempotency_key, actor=requester.actor)
            _record(job, request, result)
            return result

        if request.streams:
            return _streamed(job, lambda: started_run(start()))
        started = _data(start())
        if "run_id" not in started:
            return _Json({})
        return _answer(StartedDatabricksRun(run_id=started["run_id"]))

    def list_runs(self, name: str, request: ListRequest) -> Answer:
        """List runs, newest first."""
        runs = _data(self._job(name, request.user).list_runs(request.limit))
        return _answer(DatabricksRunsView(runs=cast("list[JsonObject]", runs)))

    def read(self, name: str, request: ReadRequest) -> Answer:
        """Read a run, exactly as Databricks describes it."""
        job = self._job(name, request.user)
        run_id = _run_id(request.run_id)
        if request.streams:
            return _resumed(job, str(run_id), request)
        return _Json(_data(job.get_run(run_id)))

    def outputs(self, name: str, request: OutputsRequest) -> RunOutputsView:
        """Read the outputs of the tasks of a run."""
        run_id = _run_id(request.run_id)
        found = _data(self._job(name, request.user).get_task_outputs(run_id))
        return RunOutputsView(tasks=[_output_view(each, run_id) for each in found])

    def status(self, name: str, user: Request | None) -> Answer:
        """Read the newest run."""
        run = cast("JsonObject | None", _data(self._job(name, user).last_run()))
        if run is None:
            return _answer(DatabricksStatusView(status=None, run=None))
        return _answer(DatabricksStatusView(status=life_cycle_state(run), run=run))

    def cancel(self, name: str, request: CancelRequest) -> None:
        """Cancel a run."""
        _data(self._job(name, request.user).cancel_run(_run_id(request.run_id)))

    def _job(self, name: str, user: Request | None) -> AppKitJob:
        job = self._jobs(name)
        return job if user is None else job.as_user(user)


def _output_view(found: TaskOutput, run_id: int) -> TaskOutputView:
    task, state = found.get("task", {}), found.get("state", {})
    return TaskOutputView(
        task_key=task.get("task_key"),
        run_id=task.get("run_id", run_id),
        status=state.get("life_cycle_state"),
        result=state.get("result_state"),
        output=cast("dict[str, Json] | None", found.get("output")),
        refusal=found.get("refusal"),
    )


def _answer(view: View) -> Response:
    return _Json(view.as_json())


def _fields(job: AppKitJob, body: RunBody) -> JsonObject:
    given = body.parameters()
    if given is None:
        body.refuse_other_fields()
    elif job.job.options.params is None:
        _check_without_schema(job, given)
    return job.fields_of(given)


def _check_without_schema(job: AppKitJob, given: JsonObject) -> None:
    """Refuse parameters that AppKit refuses for a job without a schema."""
    if job.job.options.task_type is None:
        text = "This job does not accept parameters"
        remedy = f"leave it out, or configure a task type or a schema for '{job.job.name}'"
        raise InvalidParameters(text, [Problem("params", remedy)])
    if len(given) > MAX_PARAMETERS:
        text = (
            f"Too many parameters ({len(given)}). Define a Zod schema to accept more than"
            f" {MAX_PARAMETERS}."
        )
        remedy = f"has at most {MAX_PARAMETERS}, unless a schema is configured"
        raise InvalidParameters(text, [Problem("params", remedy)])


def _resumed(job: AppKitJob, run: str, request: StartRequest | ReadRequest) -> Response:
    """Stream an existing run after the last event that the client has seen."""
    run_id, last_event = _run_id(run), request.last_event
    seen = last_event if last_event is not None and last_event.run == str(run_id) else None
    _data(job.get_run(run_id))
    if seen is not None and seen.is_last:
        return no_more_events(request.reader)
    after = 0 if seen is None else seen.sequence
    return _streamed(job, lambda: run_id, after)


def _streamed(job: AppKitJob, start: Callable[[], int], after: int = 0) -> Response:
    max_size = job.shared.configuration.max_event_size
    return stream_response(snapshot_events(job.stream(start, after=after), max_size=max_size))


def _run_id(text: str) -> int:
    number = leading_number(text) or 0
    if not 0 < number <= MAX_ID:
        raise InvalidRunId
    return number


def _data[T](result: ExecutionResult[T]) -> T:
    if isinstance(result, Failed):
        raise failure_of(result)
    return result.data


def _record(job: AppKitJob, request: StartRequest, result: ExecutionResult[RunStarted]) -> None:
    """Log and audit the person who started the run; Databricks may know only the app."""
    run_id = result.data.get("run_id") if isinstance(result, Done) else None
    _log.info(
        "The start of a Databricks run was requested.",
        extra={
            "action": "appkit_run_requested",
            "job": job.job.name,
            "run_id": run_id,
            "actor": request.requester.actor,
            "as_user": job.user is not None,
        },
    )
    if request.record is not None and run_id is not None:
        request.record.add_run(str(run_id))
