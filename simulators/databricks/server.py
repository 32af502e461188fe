"""Assembles the simulated Databricks API, and serves runs, workspace files and clusters."""

from __future__ import annotations

import logging
from typing import Any

from aiohttp import web

from simulators.databricks.access import USER
from simulators.databricks.answers import output_json, repair_history, run_json
from simulators.databricks.compute import SPARK_VERSIONS, node_types_json
from simulators.databricks.errors import (
    ApiError,
    error_json,
    invalid_parameter,
    malformed_request,
)
from simulators.databricks.quirks import (
    ALL_ATTEMPTS,
    HTML_REFUSALS,
    OWN_RETRIES,
    databricks_quirks,
    with_quirks,
)
from simulators.databricks.routes.jobs import job_routes
from simulators.databricks.routes.oauth import oauth_routes
from simulators.databricks.routes.pipelines import pipeline_routes
from simulators.databricks.routes.service import (
    SERVICE,
    Service,
    answer_format,
    flag,
    json_body,
    number,
    required,
    run_id_of,
)
from simulators.databricks.routes.traffic import TRAFFIC, Traffic
from simulators.databricks.run_requests import DEFAULT_PAGE, MAX_PAGE, RunFilter
from simulators.databricks.submission import read_submission
from simulators.faults import FAULTS, FaultQueue, Handler
from simulators.quirks import QUIRKS
from simulators.serving import Refusal, api_middleware

log = logging.getLogger(__name__)

MAX_BODY_BYTES = 10 * 1024 * 1024
"""The maximum length of a request body, as on the real service."""
ORG_ID = "1000000000000002"
"""The id of the workspace in the header of every answer."""
_API = "/api/"


def build_app(service: Service) -> web.Application:
    """Return the application with the Databricks API."""
    api = api_middleware(
        check=_check,
        endpoint=_endpoint,
        answer_refusal=_answer_refusal,
        error_body=error_json,
        is_api=lambda path: path.startswith(_API),
    )
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_record_traffic, api])
    app[SERVICE] = service
    app[FAULTS] = FaultQueue()
    app[TRAFFIC] = Traffic()
    quirks = app[QUIRKS] = databricks_quirks()
    service.jobs.has_own_retries = lambda: OWN_RETRIES in quirks
    app.on_response_prepare.append(_name_workspace)
    jobs = "/api/{version:2\\.[12]}/jobs/runs"
    app.add_routes(
        [
            web.get("/api/2.0/workspace/list", _list_workspace),
            web.get("/api/2.0/workspace/get-status", _get_status),
            web.get("/api/2.0/workspace/export", _export),
            web.post(f"{jobs}/submit", _submit),
            web.get(f"{jobs}/get", _get_run),
            web.get(f"{jobs}/get-output", _get_output),
            web.get(f"{jobs}/list", _list_runs),
            web.post(f"{jobs}/cancel", _cancel),
            web.get("/api/2.0/preview/scim/v2/Me", _me),
            web.get("/api/{version:2\\.[01]}/clusters/get", _get_cluster),
            web.get("/api/{version:2\\.[01]}/clusters/list", _list_clusters),
            web.get("/api/{version:2\\.[01]}/clusters/list-node-types", _node_types),
            web.get("/api/{version:2\\.[01]}/clusters/spark-versions", _spark_versions),
            web.get("/api/2.0/instance-pools/get", _get_pool),
            *job_routes(),
            *pipeline_routes(),
            *oauth_routes(),
        ]
    )
    return app


async def _name_workspace(request: web.Request, response: web.StreamResponse) -> None:
    if request.path.startswith(_API):
        response.headers["x-databricks-org-id"] = ORG_ID


@web.middleware
async def _record_traffic(request: web.Request, handler: Handler) -> web.StreamResponse:
    if request.path.startswith(_API):
        await request.app[TRAFFIC].record(request, _endpoint(request))
    return await handler(request)


def _check(request: web.Request) -> None:
    request.app[SERVICE].access.check(request.headers)


def _endpoint(request: web.Request) -> str:
    return request.path.removeprefix(_API).partition("/")[2]


def _answer_refusal(request: web.Request, refusal: Refusal) -> web.Response:
    error = refusal if isinstance(refusal, ApiError) else _http_error(request, refusal)
    if error.status in {401, 403} and HTML_REFUSALS in request.app[QUIRKS]:
        page = "<html><head><title>Error 403 Invalid access token.</title></head></html>"
        return web.Response(status=403, text=page, content_type="text/html")
    return web.json_response(error.as_json(), status=error.status)


def _http_error(request: web.Request, refusal: Refusal) -> ApiError:
    match refusal.status:
        case 404 | 405:
            call = f"{request.method} {request.path}"
            return ApiError(404, "ENDPOINT_NOT_FOUND", f"No API found for '{call}'")
        case 413:
            return ApiError(413, "REQUEST_TOO_LARGE", "The request body exceeds 10 MB.")
        case status:
            return ApiError(status, "BAD_REQUEST", refusal.message)


async def _list_workspace(request: web.Request) -> web.Response:
    objects = request.app[SERVICE].workspace.list(required(request, "path"))
    return web.json_response({"objects": [o.as_json() for o in objects]} if objects else {})


async def _get_status(request: web.Request) -> web.Response:
    found = request.app[SERVICE].workspace.find(required(request, "path"))
    return web.json_response(found.as_json())


async def _export(request: web.Request) -> web.Response:
    wanted = request.query.get("format", "SOURCE")
    export = request.app[SERVICE].workspace.export(required(request, "path"), wanted)
    if request.query.get("direct_download", "false") != "true":
        return web.json_response(export.as_json())
    disposition = f'attachment; filename="{export.file_name}"'
    return web.Response(
        body=export.content,
        content_type="application/octet-stream",
        headers={"Content-Disposition": disposition},
    )


async def _submit(request: web.Request) -> web.Response:
    service = request.app[SERVICE]
    submission = read_submission(await json_body(request), service.compute)
    run = service.jobs.submit(submission, creator=USER)
    log.info("Run submitted.", extra={"action": "run_submitted", "run_id": run.run_id})
    return web.json_response({"run_id": run.run_id})


async def _get_run(request: web.Request) -> web.Response:
    run = request.app[SERVICE].jobs.get(run_id_of(request.query.get("run_id")))
    with_all = ALL_ATTEMPTS in request.app[QUIRKS]
    answer = run_json(run, answer_format(request), with_replaced=with_all)
    if flag(request, "include_history"):
        answer["repair_history"] = repair_history(run, answer_format(request))
    return web.json_response(with_quirks(request, answer))


async def _get_output(request: web.Request) -> web.Response:
    run, task = request.app[SERVICE].jobs.get_task(run_id_of(request.query.get("run_id")))
    return web.json_response(output_json(run, task, answer_format(request)))


async def _cancel(request: web.Request) -> web.Response:
    body = await json_body(request)
    if not isinstance(body, dict):
        raise malformed_request("Could not parse request object: an object is expected.")
    request.app[SERVICE].jobs.cancel(run_id_of(body.get("run_id")))
    return web.json_response({})


async def _list_runs(request: web.Request) -> web.Response:
    page = request.app[SERVICE].jobs.list(_run_filter(request))
    with_tasks = flag(request, "expand_tasks")
    runs = [run_json(run, answer_format(request), with_tasks=with_tasks) for run in page.runs]
    answer: dict[str, Any] = {"has_more": page.next_token is not None}
    if runs:
        answer["runs"] = runs
    if page.next_token:
        answer["next_page_token"] = page.next_token
    return web.json_response(answer)


def _run_filter(request: web.Request) -> RunFilter:
    wanted = RunFilter(
        limit=number(request, "limit", DEFAULT_PAGE),
        page_token=request.query.get("page_token"),
        active_only=flag(request, "active_only"),
        completed_only=flag(request, "completed_only"),
        job_id=number(request, "job_id", 0),
        run_type=request.query.get("run_type"),
        start_time_from=number(request, "start_time_from", 0),
        start_time_to=number(request, "start_time_to", 2**63),
    )
    if not 0 <= wanted.limit <= MAX_PAGE:
        raise invalid_parameter(f"limit must be between 0 and {MAX_PAGE}.")
    if wanted.active_only and wanted.completed_only:
        raise invalid_parameter("active_only and completed_only cannot both be true.")
    return wanted


async def _me(request: web.Request) -> web.Response:
    return web.json_response(
        {
            "schemas": ["urn:ietf:params:scim:schemas:core:2.0:User"],
            "id": "1000000000000001",
            "userName": USER,
            "displayName": "Engineer",
            "active": True,
            "emails": [{"type": "work", "value": USER, "primary": True}],
            "groups": [],
        }
    )


async def _get_cluster(request: web.Request) -> web.Response:
    compute = request.app[SERVICE].compute
    return web.json_response(compute.cluster_json(required(request, "cluster_id")))


async def _list_clusters(request: web.Request) -> web.Response:
    compute = request.app[SERVICE].compute
    clusters = [compute.cluster_json(name) for name in sorted(compute.clusters)]
    return web.json_response({"clusters": clusters})


async def _node_types(request: web.Request) -> web.Response:
    return web.json_response({"node_types": node_types_json()})


async def _spark_versions(request: web.Request) -> web.Response:
    versions = [{"key": key, "name": key} for key in SPARK_VERSIONS]
    return web.json_response({"versions": versions})


async def _get_pool(request: web.Request) -> web.Response:
    compute = request.app[SERVICE].compute
    return web.json_response(compute.pool_json(required(request, "instance_pool_id")))
