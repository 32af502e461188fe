"""The HTTP service: reads requests, calls the workspace and the jobs, writes answers."""

from __future__ import annotations

import json
import logging
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from simulators.databricks.access import USER, Access
from simulators.databricks.answers import Form, output_json, run_json
from simulators.databricks.compute import SPARK_VERSIONS, ComputeCatalogue, node_types_json
from simulators.databricks.errors import (
    ApiError,
    error_json,
    invalid_parameter,
    malformed_request,
)
from simulators.databricks.jobs import DEFAULT_PAGE, MAX_PAGE, Jobs, RunFilter
from simulators.databricks.submission import read_submission
from simulators.databricks.workspace import Workspace
from simulators.faults import FAULTS, Faults, Handle, go_wrong

log = logging.getLogger(__name__)

#: The largest request body, as on the real service.
MAX_BODY_BYTES = 10 * 1024 * 1024
_API = "/api/"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """What the handlers answer from."""

    workspace: Workspace
    jobs: Jobs
    compute: ComputeCatalogue
    access: Access


SERVICE = web.AppKey("service", Service)


def build_app(service: Service) -> web.Application:
    """Return the application that speaks the Databricks API."""
    app = web.Application(client_max_size=MAX_BODY_BYTES, middlewares=[_answer_api])
    app[SERVICE] = service
    app[FAULTS] = Faults()
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
        ]
    )
    return app


@web.middleware
async def _answer_api(request: web.Request, handler: Handle) -> web.StreamResponse:
    """Check the token, turn errors into Databricks' form, and go wrong where a script says so."""
    if not request.path.startswith(_API):
        return await handler(request)

    async def answer(request: web.Request) -> web.StreamResponse:
        try:
            request.app[SERVICE].access.check(request.headers)
            return await handler(request)
        except ApiError as error:
            return web.json_response(error.as_json(), status=error.status)
        except web.HTTPException as error:
            refusal = _http_error(request, error)
            return web.json_response(refusal.as_json(), status=refusal.status)

    endpoint = request.path.removeprefix(_API).partition("/")[2]
    fault = request.app[FAULTS].take(endpoint)
    if fault is None:
        return await answer(request)
    return await go_wrong(fault, request, answer, error_json)


def _http_error(request: web.Request, error: web.HTTPException) -> ApiError:
    match error.status:
        case 404 | 405:
            where = f"{request.method} {request.path}"
            return ApiError(404, "ENDPOINT_NOT_FOUND", f"No API found for '{where}'")
        case 413:
            return ApiError(413, "REQUEST_TOO_LARGE", "The request body exceeds 10 MB.")
        case status:
            return ApiError(status, "BAD_REQUEST", error.reason)


async def _list_workspace(request: web.Request) -> web.Response:
    objects = request.app[SERVICE].workspace.list(_required(request, "path"))
    return web.json_response({"objects": [o.as_json() for o in objects]} if objects else {})


async def _get_status(request: web.Request) -> web.Response:
    found = request.app[SERVICE].workspace.find(_required(request, "path"))
    return web.json_response(found.as_json())


async def _export(request: web.Request) -> web.Response:
    wanted = request.query.get("format", "SOURCE")
    export = request.app[SERVICE].workspace.export(_required(request, "path"), wanted)
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
    submission = read_submission(await _json_body(request), service.compute)
    run = service.jobs.submit(submission, creator=USER)
    log.info("Run submitted.", extra={"action": "run_submitted", "run_id": run.run_id})
    return web.json_response({"run_id": run.run_id})


async def _get_run(request: web.Request) -> web.Response:
    run = request.app[SERVICE].jobs.get(_run_id(request.query.get("run_id")))
    return web.json_response(run_json(run, _form(request)))


async def _get_output(request: web.Request) -> web.Response:
    run, task = request.app[SERVICE].jobs.get_task(_run_id(request.query.get("run_id")))
    return web.json_response(output_json(run, task, _form(request)))


async def _cancel(request: web.Request) -> web.Response:
    body = await _json_body(request)
    if not isinstance(body, dict):
        raise malformed_request("Could not parse request object: an object is expected.")
    request.app[SERVICE].jobs.cancel(_run_id(body.get("run_id")))
    return web.json_response({})


async def _list_runs(request: web.Request) -> web.Response:
    page = request.app[SERVICE].jobs.list(_run_filter(request))
    with_tasks = _flag(request, "expand_tasks")
    runs = [run_json(run, _form(request), with_tasks=with_tasks) for run in page.runs]
    answer: dict[str, Any] = {"has_more": page.next_token is not None}
    if runs:
        answer["runs"] = runs
    if page.next_token:
        answer["next_page_token"] = page.next_token
    return web.json_response(answer)


def _run_filter(request: web.Request) -> RunFilter:
    wanted = RunFilter(
        limit=_number(request, "limit", DEFAULT_PAGE),
        page_token=request.query.get("page_token"),
        active_only=_flag(request, "active_only"),
        completed_only=_flag(request, "completed_only"),
        start_time_from=_number(request, "start_time_from", 0),
        start_time_to=_number(request, "start_time_to", 2**63),
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
    return web.json_response(compute.cluster_json(_required(request, "cluster_id")))


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
    return web.json_response(compute.pool_json(_required(request, "instance_pool_id")))


def _form(request: web.Request) -> Form:
    return Form(version=request.match_info["version"], base_url=f"http://{request.host}")


async def _json_body(request: web.Request) -> object:
    try:
        return json.loads(await request.read())
    except (ValueError, RecursionError):
        raise malformed_request("Could not parse request object: it is not JSON.") from None


def _required(request: web.Request, name: str) -> str:
    value = request.query.get(name)
    if not value:
        raise invalid_parameter(f"Missing required field: {name}")
    return value


def _run_id(value: object) -> int:
    text = str(value) if isinstance(value, int | str) and not isinstance(value, bool) else ""
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise invalid_parameter("run_id must be a whole number.")
    return int(text)


def _number(request: web.Request, name: str, default: int) -> int:
    text = request.query.get(name, str(default))
    if not (text.isascii() and text.isdigit() and len(text) < 20):
        raise invalid_parameter(f"{name} must be a whole number.")
    return int(text)


def _flag(request: web.Request, name: str) -> bool:
    return request.query.get(name, "false").lower() == "true"
