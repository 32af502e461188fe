"""Execute Now by HTTP: runs of jobs that are defined here."""

from __future__ import annotations

from fastapi import Request, Response
from fastapi.responses import JSONResponse

from polysync_core.api.jobs.appkit_protocol import EventId
from polysync_core.api.jobs.requests import Answer, Cancelling, Execution, Listing, Reading
from polysync_core.api.runs.streams import changes_of, nothing_more, streamed
from polysync_core.api.views import run_view
from polysync_core.appkit.errors import NoUserToken
from polysync_core.application.ports import Engine
from polysync_core.application.runs.job_runs import JobRequest, JobRuns
from polysync_core.domain.errors import Broken, Invalid, Problem
from polysync_core.domain.runs.identity import parse_run_id
from polysync_core.domain.runs.run import TaskRun


class StoredJobRuns:
    """Answers for the jobs that are defined."""

    def __init__(self, job_runs: JobRuns) -> None:
        self._job_runs = job_runs

    def execute(self, name: str, execution: Execution) -> Response:
        """Start a run; the answer comes when it is stored."""
        _check_user(execution.user)
        if execution.last_event is not None:
            run = self._job_runs.get(name, parse_run_id(execution.last_event.run))
            return self._stream(run, execution.last_event)
        if execution.body.others:
            raise Invalid([Problem(other, "unknown field") for other in execution.body.others])
        request = JobRequest(
            job=name,
            parameters=execution.body.given() or {},
            idempotency_key=execution.asking.idempotency_key,
            actor=execution.asking.actor,
        )
        run = self._job_runs.execute(request, _present(execution.engine))
        if execution.streams:
            return self._stream(run, None)
        status_url = _status_url(run)
        content = {"runId": run.run_id, "statusUrl": status_url}
        return JSONResponse(content, headers={"Location": status_url})

    def list_runs(self, name: str, listing: Listing) -> Answer:
        """List runs, newest first."""
        _check_user(listing.user)
        token = listing.continuation_token
        page = self._job_runs.page(name, limit=listing.limit, continuation_token=token)
        runs = [run_view(run) for run in page.items]
        return {"runs": runs, "continuationToken": page.continuation_token}

    def read(self, name: str, reading: Reading) -> Answer:
        """Read a run."""
        _check_user(reading.user)
        run = self._job_runs.get(name, parse_run_id(reading.run_id))
        return self._stream(run, reading.last_event) if reading.streams else run_view(run)

    def status(self, name: str, user: Request | None) -> Answer:
        """Read the newest run."""
        _check_user(user)
        run = self._job_runs.newest(name)
        return {"status": run and run.status, "run": None if run is None else run_view(run)}

    def cancel(self, name: str, cancelling: Cancelling) -> None:
        """Stop a run."""
        _check_user(cancelling.user)
        self._job_runs.cancel(
            name,
            parse_run_id(cancelling.run_id),
            actor=cancelling.actor,
            engine=_present(cancelling.engine),
        )

    def _stream(self, run: TaskRun, last_event: EventId | None) -> Response:
        seen = last_event if last_event is not None and last_event.run == run.run_id else None
        if seen is not None and seen.is_last:
            return nothing_more()
        after = 0 if seen is None else seen.sequence
        frames = changes_of(self._job_runs.task_runs.get, run, after=after)
        return streamed(frames, {"Location": _status_url(run)})


def _status_url(run: TaskRun) -> str:
    return f"/api/jobs/{run.job.name}/runs/{run.run_id}"


def _present(engine: Engine | None) -> Engine:
    if engine is None:
        raise Broken("The request came without an engine.")
    return engine


def _check_user(user: Request | None) -> None:
    if user is not None:
        raise NoUserToken.at(
            "asUser", "a job that is defined here runs as its Platform signs in: leave it out"
        )
