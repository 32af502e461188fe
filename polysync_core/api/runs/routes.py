"""Serves the API routes that start, list, read, cancel and rerun task runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Annotated

from fastapi import APIRouter, Depends, Header, Query, Response
from fastapi.responses import StreamingResponse
from pydantic import BaseModel, ConfigDict, Field

from polysync_core.api.contract.answers import ACCEPTED, EVENTS, SHARD_FULL
from polysync_core.api.engine import CurrentEngine
from polysync_core.api.models import Page, RunIdText, View
from polysync_core.api.run_views import HistoryEntryView, TaskRunView, entry_view, run_view
from polysync_core.api.runs.events import run_events
from polysync_core.api.runs.filters import CurrentRunFilters
from polysync_core.api.security.callers import CurrentCaller
from polysync_core.api.use_cases import use_case
from polysync_core.application.runs.lists.bulk_cancel import cancel_matching
from polysync_core.application.runs.task_runs import RunRequest, TaskRuns
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.security.roles import Role


class RunOnceBody(BaseModel):
    """The body of Run Once."""

    model_config = ConfigDict(extra="forbid")

    parameters: dict[str, JsonValue] = Field(default_factory=dict)
    priority: Annotated[int, Field(strict=True, ge=-1_000_000, le=1_000_000)] | None = None


class RerunBody(BaseModel):
    """The body of Rerun."""

    model_config = ConfigDict(extra="forbid")

    downstream: Annotated[
        bool,
        Field(strict=True, description="Also run all direct and indirect dependents."),
    ] = False
    from_failure: Annotated[
        bool,
        Field(
            strict=True,
            alias="fromFailure",
            description="Let the platform run only the failed parts of the run again.",
        ),
    ] = False
    refresh: Annotated[
        bool,
        Field(
            strict=True,
            description="Take the present values of the Task and its schedule, not the old ones.",
        ),
    ] = False
    parameters: Annotated[
        dict[str, JsonValue],
        Field(description="Values of the new run that replace those of the former one."),
    ] = Field(default_factory=dict)


class AcceptedRun(View):
    """A run that was accepted: its row is stored."""

    run_id: RunIdText
    """The id of the run."""
    graph_run_id: RunIdText
    """The graph run to which the run belongs."""
    status_url: str
    """The path of the run, as in the header `Location`."""


IdempotencyKey = Annotated[
    str | None,
    Header(
        alias="Idempotency-Key",
        min_length=1,
        max_length=255,
        description="A repeated request with the same key answers with the same run.",
    ),
]


@dataclass(frozen=True, slots=True, kw_only=True)
class Requester:
    """The caller who requests a run, and the idempotency key of the request."""

    actor: str
    idempotency_key: str | None
    may_name_secrets: bool
    """True if the caller may give secret references that no definition holds."""


async def _requester(caller: CurrentCaller, idempotency_key: IdempotencyKey = None) -> Requester:
    return Requester(
        actor=caller.name,
        idempotency_key=idempotency_key,
        may_name_secrets=caller.has(Role.ADMINISTRATOR),
    )


CurrentRequester = Annotated[Requester, Depends(_requester)]
Token = Annotated[
    str | None,
    Query(alias="continuationToken", description="The token of the previous answer."),
]
Limit = Annotated[int, Query(ge=1, le=100, description="Maximum number of items.")]


CurrentTaskRuns = Annotated[TaskRuns, Depends(use_case(TaskRuns))]


def run_routes() -> APIRouter:
    """Return the routes of task runs."""
    routes = APIRouter(tags=["Task runs"])
    _add_run_once(routes)
    _add_list(routes)
    _add_reads(routes)
    _add_cancel(routes)
    _add_rerun(routes)
    return routes


def _add_run_once(routes: APIRouter) -> None:
    @routes.post("/tasks/{name}/run", status_code=202, responses={202: ACCEPTED, **SHARD_FULL})
    def run_task_once(  # noqa: PLR0913
        name: str,
        runs: CurrentTaskRuns,
        engine: CurrentEngine,
        requester: CurrentRequester,
        response: Response,
        body: RunOnceBody | None = None,
    ) -> AcceptedRun:
        """Run a Task now; the answer comes when the run is stored."""
        body = body or RunOnceBody()
        request = RunRequest(
            task=name,
            parameters=body.parameters,
            priority=body.priority,
            idempotency_key=requester.idempotency_key,
            actor=requester.actor,
            may_name_secrets=requester.may_name_secrets,
        )
        return _accepted(runs.run_once(request, engine), response)


def _add_list(routes: APIRouter) -> None:
    @routes.get("/task-runs")
    def list_runs(
        runs: CurrentTaskRuns,
        filters: CurrentRunFilters,
        limit: Limit = 20,
        continuation_token: Token = None,
    ) -> Page[TaskRunView]:
        """List runs, newest first; a page may be short, and still have a continuation token."""
        listing = filters.listing(runs, limit=limit, continuation_token=continuation_token)
        page = runs.page(listing)
        items = [run_view(run) for run in page.items]
        return Page(items=items, continuation_token=page.continuation_token)


def _add_reads(routes: APIRouter) -> None:
    @routes.get("/task-runs/{run_id}")
    def get_run(run_id: str, runs: CurrentTaskRuns) -> TaskRunView:
        """Read a run."""
        return run_view(runs.get(runs.find(run_id)))

    @routes.get("/task-runs/{run_id}/history")
    def get_run_history(run_id: str, runs: CurrentTaskRuns) -> Page[HistoryEntryView]:
        """Read every status change of a run, oldest first."""
        entries = runs.get(runs.find(run_id)).history
        return Page(items=[entry_view(entry) for entry in entries], continuation_token=None)

    @routes.get("/task-runs/{run_id}/events", response_class=StreamingResponse, responses=EVENTS)
    async def stream_run_events(
        run_id: str,
        runs: CurrentTaskRuns,
        last_event_id: Annotated[
            int, Header(ge=0, description="Continue after this number of events.")
        ] = 0,
    ) -> StreamingResponse:
        """Stream a run as server-sent events until it ends."""
        return await run_events(runs, runs.find(run_id), after=last_event_id)


def _add_cancel(routes: APIRouter) -> None:
    @routes.post("/task-runs/cancel", status_code=202)
    def cancel_runs(  # noqa: PLR0913
        runs: CurrentTaskRuns,
        filters: CurrentRunFilters,
        engine: CurrentEngine,
        caller: CurrentCaller,
        limit: Limit = 20,
        continuation_token: Token = None,
    ) -> Page[TaskRunView]:
        """Cancel the queued and running runs of one page of a list, newest first.

        Repeat the request with its continuation token until the answer has no token. `until`
        keeps runs out that are accepted meanwhile. At least one filter is required.
        """
        listing = filters.listing(runs, limit=limit, continuation_token=continuation_token)
        page = cancel_matching(runs, listing, actor=caller.name, engine=engine)
        items = [run_view(run) for run in page.items]
        return Page(items=items, continuation_token=page.continuation_token)

    @routes.post("/task-runs/{run_id}/cancel", status_code=202)
    def cancel_run(
        run_id: str, runs: CurrentTaskRuns, engine: CurrentEngine, caller: CurrentCaller
    ) -> TaskRunView:
        """Cancel a run; a finished run stays as it is."""
        return run_view(runs.cancel(runs.find(run_id), actor=caller.name, engine=engine))


def _add_rerun(routes: APIRouter) -> None:
    @routes.post(
        "/task-runs/{run_id}/rerun", status_code=202, responses={202: ACCEPTED, **SHARD_FULL}
    )
    def rerun_run(  # noqa: PLR0913
        run_id: str,
        runs: CurrentTaskRuns,
        engine: CurrentEngine,
        requester: CurrentRequester,
        response: Response,
        body: RerunBody | None = None,
    ) -> AcceptedRun:
        """Run the Task of a finished run again, with the same parameters or others."""
        body = body or RerunBody()
        run = runs.rerun(
            runs.find(run_id),
            downstream=body.downstream,
            from_failure=body.from_failure,
            refresh=body.refresh,
            parameters=body.parameters,
            idempotency_key=requester.idempotency_key,
            actor=requester.actor,
            may_name_secrets=requester.may_name_secrets,
            engine=engine,
        )
        return _accepted(run, response)


def _accepted(run: TaskRun, response: Response) -> AcceptedRun:
    status_url = f"/api/task-runs/{run.run_id}"
    response.headers["Location"] = status_url
    return AcceptedRun(run_id=run.run_id, graph_run_id=run.graph_run_id, status_url=status_url)
