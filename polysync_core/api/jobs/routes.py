"""Five routes a job, in the shapes of AppKit's jobs plugin.

A job is one that is defined here, whatever its platform, or one of a workspace under a key of the
environment. The names are one namespace: what is defined comes first.
"""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Annotated, Any

from fastapi import APIRouter, Query, Response

from polysync_core.api.engine import PossibleEngine
from polysync_core.api.jobs.appkit_jobs import LakeflowRuns
from polysync_core.api.jobs.appkit_protocol import (
    BODY,
    CurrentBody,
    LastEvent,
    Limit,
    Streams,
    User,
)
from polysync_core.api.jobs.requests import Answering, Cancelling, Execution, Listing, Reading
from polysync_core.api.jobs.stored import StoredJobRuns
from polysync_core.api.runs.routes import CurrentAsking
from polysync_core.api.security.callers import CurrentCaller
from polysync_core.api.security.records import CurrentRecord
from polysync_core.appkit.errors import KeyUnknown
from polysync_core.appkit.jobs import LakeflowJobs
from polysync_core.application.runs.job_runs import JobRuns
from polysync_core.domain.errors import Malformed, NotFound

ContinuationToken = Annotated[str | None, Query(alias="continuationToken")]


class _Namespace:
    """Finds out who answers for a name."""

    def __init__(self, job_runs: JobRuns, lakeflow: LakeflowJobs | None) -> None:
        self._job_runs = job_runs
        self._keys = lakeflow
        self._stored = StoredJobRuns(job_runs)

    @contextmanager
    def of(self, name: str) -> Generator[Answering]:
        """Give who answers for a name; what goes wrong is that there is no such job, if so."""
        if self._keys is not None and name in self._keys and not self._job_runs.knows(name):
            yield LakeflowRuns(self._keys)
            return
        try:
            yield self._stored
        except (NotFound, Malformed):
            # What is wrong with a request for a job that there is not is that there is none.
            if self._job_runs.knows(name):
                raise
            missing = KeyUnknown(name)
        else:
            return
        raise missing


def job_run_routes(job_runs: JobRuns, lakeflow: LakeflowJobs | None = None) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["Job runs"])
    namespace = _Namespace(job_runs, lakeflow)

    @routes.post("/jobs/{name}/run", response_model=None, openapi_extra=BODY)
    def execute_job(  # noqa: PLR0913  # pyright: ignore[reportUnusedFunction]
        name: str,
        body: CurrentBody,
        engine: PossibleEngine,
        asking: CurrentAsking,
        record: CurrentRecord,
        last_event: LastEvent,
        streams: Streams,
        user: User = None,
    ) -> Response:
        """Run a job now, without a task; with `Last-Event-ID`, go on with a stream."""
        execution = Execution(
            body=body,
            asking=asking,
            engine=engine,
            record=record,
            streams=streams,
            last_event=last_event,
            user=user,
        )
        with namespace.of(name) as answering:
            return answering.execute(name, execution)

    _add_reads(routes, namespace)

    @routes.delete("/jobs/{name}/runs/{run_id}", status_code=204, response_class=Response)
    def cancel_job_run(  # pyright: ignore[reportUnusedFunction]
        name: str,
        run_id: str,
        engine: PossibleEngine,
        caller: CurrentCaller,
        user: User = None,
    ) -> None:
        """Stop a run of a job; one that has ended stays as it is."""
        cancelling = Cancelling(run_id=run_id, actor=caller.name, engine=engine, user=user)
        with namespace.of(name) as answering:
            answering.cancel(name, cancelling)

    return routes


def _add_reads(routes: APIRouter, namespace: _Namespace) -> None:
    @routes.get("/jobs/{name}/runs", response_model=None)
    def list_job_runs(  # pyright: ignore[reportUnusedFunction]
        name: str,
        limit: Limit,
        continuation_token: ContinuationToken = None,
        user: User = None,
    ) -> Response | dict[str, Any]:
        """List the runs of a job without a task, newest first."""
        listing = Listing(limit=limit, continuation_token=continuation_token, user=user)
        with namespace.of(name) as answering:
            return answering.list_runs(name, listing)

    @routes.get("/jobs/{name}/runs/{run_id}", response_model=None)
    def get_job_run(  # pyright: ignore[reportUnusedFunction]
        name: str,
        run_id: str,
        last_event: LastEvent,
        streams: Streams,
        user: User = None,
    ) -> Response | dict[str, Any]:
        """Read a run of a job, or follow it."""
        reading = Reading(
            run_id=run_id,
            streams=streams,
            last_event=last_event,
            user=user,
        )
        with namespace.of(name) as answering:
            return answering.read(name, reading)

    @routes.get("/jobs/{name}/status", response_model=None)
    def get_job_status(  # pyright: ignore[reportUnusedFunction]
        name: str, user: User = None
    ) -> Response | dict[str, Any]:
        """Read the newest run of a job; null before the first."""
        with namespace.of(name) as answering:
            return answering.status(name, user)
