"""Implements the routes of job runs for Jobs that are stored as definitions."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from polysync_core.api.engine import require_engine
from polysync_core.api.jobs.requests import (
    Answer,
    CancelRequest,
    ListRequest,
    OutputsRequest,
    ReadRequest,
    StartRequest,
)
from polysync_core.api.jobs.streams import change_events, no_more_events, stream_response
from polysync_core.api.jobs.views import (
    JobRunsView,
    JobStatusView,
    RunOutputsView,
    StartedJobRun,
    TaskOutputView,
)
from polysync_core.api.run_views import run_view
from polysync_core.appkit.errors import NoUserToken
from polysync_core.application.runs.job_runs import JobRequest, JobRuns
from polysync_core.domain.errors import Invalid, Problem
from polysync_core.domain.runs.identity import parse_run_id
from polysync_core.domain.runs.run import TaskRun


class StoredJobHandler:
    """Handles requests for jobs that are stored definitions."""

    def __init__(self, job_runs: JobRuns) -> None:
        self._job_runs = job_runs

    def start(self, name: str, request: StartRequest) -> Response:
        """Start a run and answer when the run is stored."""
        _refuse_user(request.user)
        if request.last_event is not None:
            run = self._job_runs.get(name, parse_run_id(request.last_event.run))
            return self._stream(run, request)
        if request.body.unknown_fields:
            raise Invalid([Problem(name, "unknown field") for name in request.body.unknown_fields])
        job_request = JobRequest(
            job=name,
            parameters=request.body.parameters() or {},
            idempotency_key=request.requester.idempotency_key,
            actor=request.requester.actor,
            may_name_secrets=request.requester.may_name_secrets,
        )
        run = self._job_runs.execute(job_request, require_engine(request.engine))
        if request.streams:
            return self._stream(run, request)
        status_url = _status_url(run)
        started = StartedJobRun(run_id=run.run_id, status_url=status_url)
        return JSONResponse(started.as_json(), headers={"Location": status_url})

    def list_runs(self, name: str, request: ListRequest) -> Answer:
        """List runs, newest first."""
        _refuse_user(request.user)
        token = request.continuation_token
        page = self._job_runs.page(name, limit=request.limit, continuation_token=token)
        runs = [run_view(run) for run in page.items]
        return JobRunsView(runs=runs, continuation_token=page.continuation_token)

    def read(self, name: str, request: ReadRequest) -> Answer:
        """Read a run."""
        _refuse_user(request.user)
        run = self._job_runs.get(name, parse_run_id(request.run_id))
        return self._stream(run, request) if request.streams else run_view(run)

    def outputs(self, name: str, request: OutputsRequest) -> RunOutputsView:
        """Read the outputs of a run, which counts as one task."""
        _refuse_user(request.user)
        run = run_view(self._job_runs.get(name, parse_run_id(request.run_id)))
        output = TaskOutputView(
            task_key=None,
            run_id=run.run_id,
            status=run.status,
            result=None,
            output=run.outputs,
            refusal=None,
        )
        return RunOutputsView(tasks=[output])

    def status(self, name: str, user: Request | None) -> Answer:
        """Read the newest run."""
        _refuse_user(user)
        run = self._job_runs.newest(name)
        if run is None:
            return JobStatusView(status=None, run=None)
        return JobStatusView(status=run.status, run=run_view(run))

    def cancel(self, name: str, request: CancelRequest) -> None:
        """Cancel a run."""
        _refuse_user(request.user)
        self._job_runs.cancel(
            name,
            parse_run_id(request.run_id),
            actor=request.actor,
            engine=require_engine(request.engine),
        )

    def _stream(self, run: TaskRun, request: StartRequest | ReadRequest) -> Response:
        last_event = request.last_event
        seen = last_event if last_event is not None and last_event.run == run.run_id else None
        if seen is not None and seen.is_last:
            return no_more_events(request.reader)
        after = 0 if seen is None else seen.sequence
        frames = change_events(self._job_runs.task_runs.get, run, after=after)
        return stream_response(frames, {"Location": _status_url(run)})


def _status_url(run: TaskRun) -> str:
    return f"/api/jobs/{run.job.name}/runs/{run.run_id}"


def _refuse_user(user: Request | None) -> None:
    if user is not None:
        raise NoUserToken.at(
            "asUser",
            "must be left out: a stored job runs with the identity of its Platform",
        )
