"""Serves the simulated administrative API of dbt Cloud, with a control API for tests."""

from __future__ import annotations

from argparse import Namespace
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from simulators.dbt_cloud.runs import ERROR, PROJECT, JobScript, Run, job_json
from simulators.faults import FAULTS, FaultQueue, fault_routes
from simulators.serving import Refusal, Submissions, api_middleware, json_object

REFUSED = "refused"
"""A token that the service always refuses."""
ACCOUNT = 12345
_START_FIELDS: dict[str, type] = {
    "cause": str,
    "git_branch": str,
    "git_sha": str,
    "schema_override": str,
    "target_name_override": str,
    "threads_override": int,
    "dbt_version_override": str,
    "generate_docs_override": bool,
    "timeout_seconds_override": int,
    "steps_override": list,
}
_ROOT = f"/api/v2/accounts/{ACCOUNT}/"


class DbtCloud:
    """The jobs of the account and their runs."""

    def __init__(self, options: Namespace) -> None:
        self.page_size: int = options.page_size
        self.jobs: dict[int, JobScript] = {}
        self.runs: dict[int, Run] = {}
        self.submissions = Submissions(options.data)

    def job(self, request: web.Request) -> tuple[int, JobScript]:
        """Return the job of a request."""
        job_id = int(request.match_info["job"])
        if job_id not in self.jobs:
            raise web.HTTPNotFound
        return job_id, self.jobs[job_id]

    def run(self, request: web.Request) -> Run:
        """Return the run of a request."""
        run = self.runs.get(int(request.match_info["run"]))
        if run is None:
            raise web.HTTPNotFound
        return run

    def start(self, job_id: int, trigger: dict[str, Any], retries: int | None = None) -> Run:
        """Start a run and record it."""
        run_id = 9000 + len(self.runs)
        job = self.jobs[job_id]
        run = Run(id=run_id, job_id=job_id, job=job, trigger=trigger, retries=retries)
        self.runs[run_id] = run
        self.submissions.record(run_id=run_id, job_id=job_id, retries=retries, **trigger)
        return run


DBT = web.AppKey("dbt", DbtCloud)


def build_app(options: Namespace) -> web.Application:
    """Return the application with the API of one account."""
    middleware = api_middleware(
        check=_check, endpoint=_endpoint, answer_refusal=_refuse, error_body=_error
    )
    app = web.Application(client_max_size=8 * 1024 * 1024, middlewares=[middleware])
    app[DBT], app[FAULTS] = DbtCloud(options), FaultQueue()
    app.on_cleanup.append(app[DBT].submissions.close)
    run = f"{_ROOT}runs/{{run:[0-9]+}}/"
    app.add_routes(
        [
            *fault_routes(),
            web.put("/simulator/jobs/{job:[0-9]+}", _put_job),
            web.get(_ROOT, _account),
            web.get(f"{_ROOT}jobs/", _list_jobs),
            web.get(f"{_ROOT}jobs/{{job:[0-9]+}}/", _get_job),
            web.post(f"{_ROOT}jobs/{{job:[0-9]+}}/run/", _start),
            web.get(f"{_ROOT}runs/", _list_runs),
            web.get(run, _get_run),
            web.post(f"{run}cancel/", _cancel),
            web.post(f"{run}retry/", _retry),
            web.get(f"{run}artifacts/{{path:.+}}", _artifact),
        ]
    )
    return app


def _now() -> datetime:
    return datetime.now(UTC)


def _endpoint(request: web.Request) -> str:
    return request.path.removeprefix(_ROOT).strip("/") or "account"


def _check(request: web.Request) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() not in {"token", "bearer"} or token.strip() in {"", REFUSED}:
        raise Refusal(401, "Unauthorized", "Invalid token.")


def _error(status: int, message: str) -> dict[str, Any]:
    return {
        "status": {"code": status, "is_success": False, "user_message": message},
        "data": None,
    }


def _refuse(_: web.Request, refusal: Refusal) -> web.Response:
    return web.json_response(_error(refusal.status, refusal.message), status=refusal.status)


def _data(data: object, **more: object) -> web.Response:
    status = {"code": 200, "is_success": True, "user_message": "Success!", "developer_message": ""}
    return web.json_response({"status": status, "data": data, **more})


async def _put_job(request: web.Request) -> web.Response:
    try:
        job = JobScript.model_validate_json(await request.read())
    except ValidationError as error:
        return web.json_response(error.errors(include_context=False), status=422)
    request.app[DBT].jobs[int(request.match_info["job"])] = job
    return web.json_response({})


async def _account(_: web.Request) -> web.Response:
    return _data({"id": ACCOUNT, "name": "acme", "state": 1})


def _paged(request: web.Request, items: list[dict[str, Any]]) -> web.Response:
    try:
        limit = int(request.query.get("limit", "100"))
        offset = int(request.query.get("offset", "0"))
    except ValueError:
        raise Refusal(400, "Bad Request", "limit and offset are numbers") from None
    page = items[offset : offset + min(limit, request.app[DBT].page_size)]
    pagination = {"count": len(page), "total_count": len(items)}
    return _data(page, extra={"pagination": pagination})


async def _list_jobs(request: web.Request) -> web.Response:
    wanted = request.query.get("project_id", str(PROJECT))
    jobs = sorted(request.app[DBT].jobs.items()) if wanted == str(PROJECT) else []
    return _paged(request, [job_json(job_id, ACCOUNT, job) for job_id, job in jobs])


async def _get_job(request: web.Request) -> web.Response:
    job_id, job = request.app[DBT].job(request)
    return _data(job_json(job_id, ACCOUNT, job))


async def _start(request: web.Request) -> web.Response:
    dbt, body = request.app[DBT], await json_object(request)
    job_id, _ = dbt.job(request)
    for name, value in body.items():
        if not isinstance(value, _START_FIELDS.get(name, type(None))):
            raise Refusal(400, "Bad Request", f"The field {name} is wrong.")
    if not body.get("cause"):
        raise Refusal(400, "Bad Request", "The cause is missing.")
    return _data(dbt.start(job_id, body).as_json(ACCOUNT, _now(), "trigger"))


async def _list_runs(request: web.Request) -> web.Response:
    dbt, query = request.app[DBT], request.query
    wanted = int(query.get("job_definition_id", "0"))
    found = [each for each in dbt.runs.values() if wanted in {0, each.job_id}]
    order = query.get("order_by", "id")
    if order.removeprefix("-") not in {"id", "created_at", "finished_at"}:
        raise Refusal(400, "Bad Request", "The order is not known.")
    if order.startswith("-"):
        found.reverse()
    related = query.get("include_related", "")
    return _paged(request, [each.as_json(ACCOUNT, _now(), related) for each in found])


async def _get_run(request: web.Request) -> web.Response:
    run = request.app[DBT].run(request)
    return _data(run.as_json(ACCOUNT, _now(), request.query.get("include_related", "")))


async def _cancel(request: web.Request) -> web.Response:
    run = request.app[DBT].run(request)
    if run.as_json(ACCOUNT, _now(), "")["is_complete"]:
        raise Refusal(400, "Bad Request", "The run has completed and cannot be cancelled.")
    run.cancelled = _now()
    return _data(run.as_json(ACCOUNT, _now(), ""))


async def _retry(request: web.Request) -> web.Response:
    dbt = request.app[DBT]
    run = dbt.run(request)
    if run.status(_now()) != ERROR:
        raise Refusal(400, "Bad Request", "The run cannot be retried.")
    trigger = {**run.trigger, "cause": "Retry"}
    return _data(dbt.start(run.job_id, trigger, retries=run.id).as_json(ACCOUNT, _now(), ""))


async def _artifact(request: web.Request) -> web.Response:
    artifact = request.app[DBT].run(request).artifact()
    if request.match_info["path"] != "run_results.json" or artifact is None:
        raise web.HTTPNotFound
    return web.json_response(artifact)
