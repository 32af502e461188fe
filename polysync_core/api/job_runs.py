"""The routes of Execute Now: five a job, in the shapes of the Databricks AppKit jobs plugin."""

from __future__ import annotations

from typing import Annotated, Any, Literal, cast

from fastapi import APIRouter, Query, Response
from pydantic import BaseModel, ConfigDict

from polysync_core.api.callers import CurrentCaller
from polysync_core.api.engine import CurrentEngine
from polysync_core.api.events import event_stream
from polysync_core.api.runs import CurrentAsking, Limit
from polysync_core.api.views import run_view
from polysync_core.application.job_runs import JobRequest, JobRuns
from polysync_core.domain.errors import Malformed
from polysync_core.domain.json import JsonObject, JsonValue
from polysync_core.domain.runs.identity import parse_run_id
from polysync_core.domain.runs.values import TaskRun

_MILLISECONDS = 1000


class ExecuteNow(BaseModel):
    """The body of Execute Now."""

    model_config = ConfigDict(
        extra="forbid",
        json_schema_extra={"properties": {"params": {"type": "object"}}},
    )

    params: JsonValue = None


Stream = Annotated[
    Literal["true", "false"],
    Query(description="true: the answer is the run's server-sent events until it has ended."),
]
ContinuationToken = Annotated[str | None, Query(alias="continuationToken")]


def job_run_routes(job_runs: JobRuns) -> APIRouter:
    """Return the routes."""
    routes = APIRouter(tags=["Job runs"])

    @routes.post("/jobs/{name}/run", response_model=None)
    def execute_job(  # noqa: PLR0913  # pyright: ignore[reportUnusedFunction]
        name: str,
        engine: CurrentEngine,
        asking: CurrentAsking,
        response: Response,
        body: ExecuteNow | None = None,
        stream: Stream = "false",
    ) -> dict[str, Any] | Response:
        """Run a job now, without a task; the answer comes when the run is stored."""
        request = JobRequest(
            job=name,
            parameters=_params(body or ExecuteNow()),
            idempotency_key=asking.idempotency_key,
            actor=asking.actor,
        )
        run = job_runs.execute(request, engine)
        status_url = f"/api/jobs/{run.job.name}/runs/{run.run_id}"
        answer = response
        if stream == "true":
            answer = event_stream(job_runs.task_runs.get, run, data=_frame)
        answer.headers["Location"] = status_url
        return {"runId": run.run_id, "statusUrl": status_url} if answer is response else answer

    _add_reads(routes, job_runs)

    @routes.delete("/jobs/{name}/runs/{run_id}", status_code=204)
    def cancel_job_run(  # pyright: ignore[reportUnusedFunction]
        name: str, run_id: str, engine: CurrentEngine, caller: CurrentCaller
    ) -> None:
        """Stop a run of a job; one that has ended stays as it is."""
        job_runs.cancel(name, parse_run_id(run_id), actor=caller.name, engine=engine)

    return routes


def _add_reads(routes: APIRouter, job_runs: JobRuns) -> None:
    @routes.get("/jobs/{name}/runs")
    def list_job_runs(  # pyright: ignore[reportUnusedFunction]
        name: str, limit: Limit = 20, continuation_token: ContinuationToken = None
    ) -> dict[str, Any]:
        """List the runs of a job without a task, newest first."""
        page = job_runs.page(name, limit=limit, continuation_token=continuation_token)
        runs = [run_view(run) for run in page.items]
        return {"runs": runs, "continuationToken": page.continuation_token}

    @routes.get("/jobs/{name}/runs/{run_id}")
    def get_job_run(name: str, run_id: str) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        """Read a run of a job."""
        return run_view(job_runs.get(name, parse_run_id(run_id)))

    @routes.get("/jobs/{name}/status")
    def get_job_status(name: str) -> dict[str, Any]:  # pyright: ignore[reportUnusedFunction]
        """Read the newest run of a job; null before the first."""
        run = job_runs.newest(name)
        return {"status": run and run.status, "run": None if run is None else run_view(run)}


def _params(body: ExecuteNow) -> JsonObject:
    if "params" not in body.model_fields_set:
        return {}
    if not isinstance(body.params, dict):
        raise Malformed.at("params", 'must be an object: {"name": value}')
    return cast("JsonObject", body.params)


def _frame(run: TaskRun) -> dict[str, Any]:
    """Return what an event of a stream tells: the run, and when its status became what it is."""
    at = run.history[-1].at.timestamp()
    return {
        "status": run.status,
        "timestamp": round(at * _MILLISECONDS),
        "run": run_view(run),
    }
