"""Serves the routes that create, read, list, delete and start jobs, and repair runs."""

from __future__ import annotations

from typing import Any

from aiohttp import web

from simulators.databricks.access import USER
from simulators.databricks.errors import invalid_parameter
from simulators.databricks.job_definitions import submission_of
from simulators.databricks.routes.service import SERVICE, flag, json_body, number, run_id_of
from simulators.databricks.run_requests import RepairRequest
from simulators.databricks.submission import read_object

MAX_JOBS = 100
DEFAULT_JOBS = 20
_FIRST = 2**63


def job_routes() -> list[web.RouteDef]:
    """Return the routes for job definitions."""
    jobs = "/api/{version:2\\.[12]}/jobs"
    return [
        web.post(f"{jobs}/create", _create),
        web.get(f"{jobs}/get", _get),
        web.get(f"{jobs}/list", _list),
        web.post(f"{jobs}/delete", _delete),
        web.post(f"{jobs}/run-now", _run_now),
        web.post(f"{jobs}/runs/repair", _repair),
    ]


async def _create(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    job_id = service.definitions.create(await json_body(request), service.compute)
    return web.json_response({"job_id": job_id})


async def _get(request: web.Request) -> web.Response:
    job = request.app[SERVICE].definitions.get(number(request, "job_id", 0))
    return web.json_response(job.as_json())


async def _list(request: web.Request) -> web.Response:
    limit = number(request, "limit", DEFAULT_JOBS)
    if not 1 <= limit <= MAX_JOBS:
        raise invalid_parameter(f"limit must be between 1 and {MAX_JOBS}.")
    jobs, following = request.app[SERVICE].definitions.list(
        limit=limit,
        below=number(request, "page_token", _FIRST),
        name=request.query.get("name"),
    )
    with_tasks = flag(request, "expand_tasks")
    answer: dict[str, Any] = {"has_more": following is not None}
    if jobs:
        answer["jobs"] = [job.as_json(with_tasks=with_tasks) for job in jobs]
    if following is not None:
        answer["next_page_token"] = str(following)
    return web.json_response(answer)


async def _delete(request: web.Request) -> web.Response:
    body = read_object(await json_body(request), "the request")
    request.app[SERVICE].definitions.delete(_job_id(body))
    return web.json_response({})


async def _run_now(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    body = read_object(await json_body(request), "the request")
    job = service.definitions.get(_job_id(body))
    run = service.jobs.submit(submission_of(job, body, service.compute), creator=USER)
    return web.json_response({"run_id": run.run_id, "number_in_job": run.run_id})


async def _repair(request: web.Request) -> web.Response:
    body = read_object(await json_body(request), "the request")
    every, chosen = body.get("rerun_all_failed_tasks"), body.get("rerun_tasks")
    if (every is True) == bool(chosen):
        raise invalid_parameter("Exactly one of rerun_tasks and rerun_all_failed_tasks is needed.")
    if not isinstance(chosen or [], list):
        raise invalid_parameter("rerun_tasks must be a list of task keys.")
    latest = body.get("latest_repair_id")
    wanted = RepairRequest(
        run_id=run_id_of(body.get("run_id")),
        latest_repair_id=None if latest is None else run_id_of(latest),
        tasks=frozenset(map(str, chosen)) if chosen else None,
        with_dependents=body.get("rerun_dependent_tasks") is True,
    )
    return web.json_response({"repair_id": request.app[SERVICE].jobs.repair(wanted)})


def _job_id(body: dict[str, Any]) -> int:
    value = body.get("job_id")
    if not isinstance(value, int) or isinstance(value, bool):
        raise invalid_parameter("job_id must be a whole number.")
    return value
