"""Serves five routes for job runs, compatible with Databricks AppKit's jobs plugin.

A job is a stored definition of any platform, or a Databricks job that the environment names. Both
share one namespace; a stored definition wins.
"""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Annotated

from fastapi import APIRouter, Depends, Query, Response

from polysync_core.api.contract.answers import DATABRICKS_ERRORS, SHARD_FULL, STREAM
from polysync_core.api.engine import PossibleEngine
from polysync_core.api.jobs.appkit_jobs import AppKitHandler
from polysync_core.api.jobs.appkit_protocol import (
    BODY,
    CurrentBody,
    LastEvent,
    Limit,
    Reader,
    Streams,
    User,
)
from polysync_core.api.jobs.requests import (
    Answer,
    CancelRequest,
    JobHandler,
    ListRequest,
    OutputsRequest,
    ReadRequest,
    StartRequest,
)
from polysync_core.api.jobs.stored_jobs import StoredJobHandler
from polysync_core.api.jobs.views import (
    DatabricksRunsView,
    DatabricksStatusView,
    JobKeysView,
    JobKeyView,
    JobRunsView,
    JobStatusView,
    RunOutputsView,
    StartedDatabricksRun,
    StartedJobRun,
)
from polysync_core.api.models import Json
from polysync_core.api.platform_route import PlatformRoute
from polysync_core.api.run_views import TaskRunView
from polysync_core.api.runs.routes import CurrentRequester
from polysync_core.api.security.audit_record import CurrentRecord
from polysync_core.api.security.callers import CurrentCaller
from polysync_core.api.use_cases import use_case
from polysync_core.appkit.errors import UnknownJob
from polysync_core.appkit.jobs import AppKitJobs
from polysync_core.appkit.named_jobs import NamedJob
from polysync_core.application.runs.job_runs import JobRuns
from polysync_core.domain.definitions.validation.messages import similar
from polysync_core.domain.errors import Malformed, NotFound

ContinuationToken = Annotated[
    str | None, Query(alias="continuationToken", description="The token of the previous answer.")
]


class JobHandlers:
    """Selects the handler of a job by its name."""

    def __init__(self, job_runs: JobRuns, appkit_jobs: AppKitJobs) -> None:
        self._job_runs = job_runs
        self._appkit_jobs = appkit_jobs
        self._stored = StoredJobHandler(job_runs)

    @contextmanager
    def handler_for(self, name: str) -> Generator[JobHandler]:
        """Yield the handler of a job; errors become `UnknownJob` if the job does not exist."""
        appkit_jobs = self._appkit_jobs
        if name in appkit_jobs and not self._job_runs.knows(name):
            yield AppKitHandler(appkit_jobs)
            return
        try:
            yield self._stored
        except (NotFound, Malformed):
            # A missing job is more important than other mistakes in the request.
            stored = self._job_runs.missing(name)
            if stored is None:
                raise
            missing = self._unknown(name, stored)
        else:
            return
        raise missing

    @property
    def keys(self) -> Mapping[str, NamedJob]:
        """The job keys of the environment in alphabetical order."""
        return dict(sorted(self._appkit_jobs.configuration.jobs.items()))

    def _unknown(self, name: str, stored: NotFound) -> UnknownJob:
        keys = [*self._appkit_jobs.configuration.jobs]
        return UnknownJob(name, keys, nearest=[*stored.nearest, *similar(name, keys)])


CurrentHandlers = Annotated[JobHandlers, Depends(use_case(JobHandlers))]


def job_run_routes() -> APIRouter:
    """Return the job routes of the AppKit surface."""
    routes = APIRouter(tags=["Job runs"], responses=DATABRICKS_ERRORS, route_class=PlatformRoute)
    _add_start(routes)
    _add_reads(routes)
    _add_cancel(routes)
    return routes


def job_key_routes() -> APIRouter:
    """Return the route that lists the job keys."""
    routes = APIRouter(tags=["Job runs"])

    @routes.get("/job-keys")
    def list_job_keys(handlers: CurrentHandlers) -> JobKeysView:
        """List the job keys of the environment, with task type and schema."""
        return JobKeysView(jobs={key: _key_view(job) for key, job in handlers.keys.items()})

    return routes


def _key_view(job: NamedJob) -> JobKeyView:
    return JobKeyView(
        task_type=job.options.task_type,
        params=job.options.json_schema(),
        platform=job.options.platform,
        has_job_id=job.job_id is not None,
    )


def _add_start(routes: APIRouter) -> None:
    @routes.post(
        "/jobs/{name}/run",
        response_model=StartedJobRun | StartedDatabricksRun,
        responses={**STREAM, **SHARD_FULL},
        openapi_extra=BODY,
    )
    def execute_job(  # noqa: PLR0913
        name: str,
        handlers: CurrentHandlers,
        body: CurrentBody,
        engine: PossibleEngine,
        requester: CurrentRequester,
        record: CurrentRecord,
        last_event: LastEvent,
        reader: Reader,
        streams: Streams,
        user: User = None,
    ) -> Response:
        """Run a job now, without a task; `Last-Event-ID` resumes a stream instead."""
        request = StartRequest(
            body=body,
            requester=requester,
            engine=engine,
            record=record,
            streams=streams,
            last_event=last_event,
            reader=reader,
            user=user,
        )
        with handlers.handler_for(name) as handler:
            return handler.start(name, request)


def _add_reads(routes: APIRouter) -> None:
    @routes.get("/jobs/{name}/runs", response_model=JobRunsView | DatabricksRunsView)
    def list_job_runs(
        name: str,
        handlers: CurrentHandlers,
        limit: Limit,
        continuation_token: ContinuationToken = None,
        user: User = None,
    ) -> Answer:
        """List the runs of a job without a task, newest first."""
        request = ListRequest(limit=limit, continuation_token=continuation_token, user=user)
        with handlers.handler_for(name) as handler:
            return handler.list_runs(name, request)

    @routes.get(
        "/jobs/{name}/runs/{run_id}", response_model=TaskRunView | dict[str, Json], responses=STREAM
    )
    def get_job_run(  # noqa: PLR0913
        name: str,
        handlers: CurrentHandlers,
        run_id: str,
        last_event: LastEvent,
        reader: Reader,
        streams: Streams,
        user: User = None,
    ) -> Answer:
        """Read or stream a run of a job."""
        request = ReadRequest(
            run_id=run_id, streams=streams, last_event=last_event, reader=reader, user=user
        )
        with handlers.handler_for(name) as handler:
            return handler.read(name, request)

    @routes.get("/jobs/{name}/runs/{run_id}/outputs")
    def get_job_run_outputs(
        name: str, handlers: CurrentHandlers, run_id: str, user: User = None
    ) -> RunOutputsView:
        """Read the outputs of a run of a job, by task."""
        with handlers.handler_for(name) as handler:
            return handler.outputs(name, OutputsRequest(run_id=run_id, user=user))

    @routes.get("/jobs/{name}/status", response_model=JobStatusView | DatabricksStatusView)
    def get_job_status(name: str, handlers: CurrentHandlers, user: User = None) -> Answer:
        """Read the newest run of a job; null before the first run."""
        with handlers.handler_for(name) as handler:
            return handler.status(name, user)


def _add_cancel(routes: APIRouter) -> None:
    @routes.delete("/jobs/{name}/runs/{run_id}", status_code=204, response_class=Response)
    def cancel_job_run(  # noqa: PLR0913
        name: str,
        handlers: CurrentHandlers,
        run_id: str,
        engine: PossibleEngine,
        caller: CurrentCaller,
        user: User = None,
    ) -> None:
        """Cancel a run of a job; a finished run stays as it is."""
        request = CancelRequest(run_id=run_id, actor=caller.name, engine=engine, user=user)
        with handlers.handler_for(name) as handler:
            handler.cancel(name, request)
