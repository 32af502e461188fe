"""Serves the simulated API of Microsoft Fabric, with a control API for tests."""

from __future__ import annotations

import base64
import json
import re
import uuid
from datetime import UTC, datetime
from typing import Any

from aiohttp import web
from pydantic import ValidationError

from simulators.fabric.jobs import ItemScript, JobInstance, Workspace
from simulators.faults import FAULTS, FaultQueue, fault_routes
from simulators.serving import Refusal, api_middleware

REFUSED_TOKEN = "refused"  # noqa: S105 - not a secret
"""A token that Fabric always refuses."""
MISSING_WORKSPACE = "00000000-0000-0000-0000-000000000000"
"""The id of a workspace that does not exist."""

_ROOT = "/v1/workspaces/{workspace}"
_ITEM = f"{_ROOT}/items/{{item}}"
_INSTANCE = f"{_ITEM}/jobs/instances/{{run}}"
_TYPED = {
    "notebooks": "Notebook",
    "dataPipelines": "DataPipeline",
    "dataflows": "Dataflow",
    "sparkJobDefinitions": "SparkJobDefinition",
}
"""Item types by the names of their own paths."""
_GUID = re.compile(r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
_WORKSPACE = web.AppKey("workspace", Workspace)


def build_app(workspace: Workspace) -> web.Application:
    """Return the application with the API and the control API."""
    app = web.Application(
        client_max_size=8 * 1024 * 1024,
        middlewares=[
            api_middleware(
                check=_check,
                endpoint=_endpoint,
                answer_refusal=lambda _, refusal: web.json_response(
                    _error(refusal.status, refusal.message, refusal.code), status=refusal.status
                ),
                error_body=_error,
            )
        ],
    )
    app[_WORKSPACE], app[FAULTS] = workspace, FaultQueue()
    app.add_routes([*fault_routes(), web.put("/simulator/items/{item}", _put_item)])
    app.add_routes([*_shared_routes(), *_typed_routes()])
    return app


def _shared_routes() -> list[web.RouteDef]:
    """Return the routes of all item types."""
    activities = f"{_ROOT}/datapipelines/pipelineruns/{{run}}/queryactivityruns"
    return [
        web.get(_ROOT, _get_workspace),
        web.get(f"{_ROOT}/items", _list_items),
        web.get(f"{_ROOT}/dataflows/{{item}}/parameters", _list_parameters),
        web.post(f"{_ITEM}/getDefinition", _get_definition),
        web.get("/v1/operations/{operation}", _get_operation),
        web.get("/v1/operations/{operation}/result", _get_result),
        web.get(f"{_ITEM}/jobs/instances", _list_runs),
        web.post(f"{_ITEM}/jobs/instances", _run_item),
        web.post(f"{_ITEM}/jobs/{{job}}/instances", _run_item),
        web.get(_INSTANCE, _get_run),
        web.post(f"{_INSTANCE}/cancel", _cancel),
        web.post(activities, _query_activities),
    ]


def _typed_routes() -> list[web.RouteDef]:
    """Return the routes that name the item type in the path."""
    roots = [f"{_ROOT}/{{kind:{name}}}/{{item}}" for name in _TYPED]
    return [
        route
        for root in roots
        for route in (
            web.post(f"{root}/getDefinition", _get_definition),
            web.post(f"{root}/jobs/{{job}}/instances", _run_item),
            web.get(f"{root}/jobs/execute/instances/{{run}}", _get_run),
        )
    ]


def _error(status: int, message: str, code: str = "SimulatedFault") -> dict[str, Any]:
    return {"requestId": str(uuid.uuid4()), "errorCode": code, "message": message}


def _endpoint(request: web.Request) -> str:
    return request.path.partition(f"/workspaces/{request.match_info.get('workspace')}")[2].strip(
        "/"
    ) or ("workspace" if "workspace" in request.match_info else request.path.removeprefix("/v1/"))


def _check(request: web.Request) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or token.strip() in {"", REFUSED_TOKEN}:
        raise Refusal(401, "TokenExpired", "Access token has expired, resubmit with a new token.")
    for name in ("workspace", "item", "run", "operation"):
        if _GUID.fullmatch(request.match_info.get(name, MISSING_WORKSPACE)) is None:
            raise Refusal(400, "InvalidParameter", f"The {name} is not a GUID.")
    if request.match_info.get("workspace") == MISSING_WORKSPACE:
        raise Refusal(404, "WorkspaceNotFound", "The workspace could not be found.")


async def _put_item(request: web.Request) -> web.Response:
    """Define an item and the course of its runs."""
    try:
        script = ItemScript.model_validate_json(await request.read())
    except ValidationError as error:
        return web.json_response(error.errors(include_context=False), status=422)
    request.app[_WORKSPACE].items[request.match_info["item"].lower()] = script
    return web.json_response({})


async def _body(request: web.Request) -> dict[str, Any]:
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "InvalidInput", "The body is not a JSON object.")
    return body


async def _get_workspace(request: web.Request) -> web.Response:
    workspace = {"id": request.match_info["workspace"], "displayName": "Sales", "type": "Workspace"}
    return web.json_response(workspace)


def _page(request: web.Request, entries: list[dict[str, Any]]) -> web.Response:
    first = int(request.query.get("continuationToken", "0,").partition(",")[0])
    size = request.app[_WORKSPACE].page_size
    answer: dict[str, Any] = {"value": entries[first : first + size]}
    if first + size < len(entries):
        token = f"{first + size},"
        answer["continuationToken"] = token.replace(",", "%2C")
        answer["continuationUri"] = str(request.url.update_query(continuationToken=token))
    return web.json_response(answer)


async def _list_items(request: web.Request) -> web.Response:
    wanted = request.query.get("type")
    items = request.app[_WORKSPACE].items.items()
    entries = [
        {
            "id": item_id,
            "type": item.type,
            "displayName": item.display_name,
            "description": item.description,
            "workspaceId": request.match_info["workspace"],
        }
        for item_id, item in items
        if wanted in {None, item.type}
    ]
    return _page(request, entries)


async def _list_parameters(request: web.Request) -> web.Response:
    item = request.app[_WORKSPACE].item(request.match_info["item"], "Dataflow")
    if item.parameters is None:
        raise Refusal(400, "DataflowNotParametricError", "The dataflow is not parametric.")
    return _page(request, item.parameters)


def _item(request: web.Request) -> ItemScript:
    item_type = _TYPED.get(request.match_info.get("kind", ""))
    return request.app[_WORKSPACE].item(request.match_info["item"], item_type)


async def _get_definition(request: web.Request) -> web.Response:
    """Answer the definition, of a notebook in a long-running operation."""
    item, wants_jupyter = _item(request), request.query.get("format") == "ipynb"
    files = {
        path: text for path, text in item.files.items() if path.endswith(".ipynb") is wants_jupyter
    }
    parts = [
        {
            "path": path,
            "payload": base64.b64encode(text.encode()).decode(),
            "payloadType": "InlineBase64",
        }
        for path, text in {**files, ".platform": "{}"}.items()
    ]
    result = {"definition": {"parts": parts}}
    if item.type != "Notebook":
        return web.json_response(result)
    operation = str(uuid.uuid4())
    request.app[_WORKSPACE].operations[operation] = result
    address = f"http://{request.host}/v1/operations/{operation}"
    headers = {"Location": address, "x-ms-operation-id": operation, "Retry-After": "0"}
    return web.Response(status=202, headers=headers)


def _operation(request: web.Request) -> dict[str, Any]:
    result = request.app[_WORKSPACE].operations.get(request.match_info["operation"])
    if result is None:
        raise Refusal(404, "OperationNotFound", "The operation could not be found.")
    return result


async def _get_operation(request: web.Request) -> web.Response:
    _operation(request)
    return web.json_response({"status": "Succeeded", "percentComplete": 100, "error": None})


async def _get_result(request: web.Request) -> web.Response:
    return web.json_response(_operation(request))


async def _run_item(request: web.Request) -> web.Response:
    job = request.match_info.get("job") or request.query.get("jobType", "")
    _item(request)
    run = request.app[_WORKSPACE].start(request.match_info["item"], job, await _body(request))
    return _accepted(request, run)


def _accepted(request: web.Request, run: JobInstance) -> web.Response:
    root = f"http://{request.host}/v1/workspaces/{request.match_info['workspace']}"
    address = f"{root}/items/{run.item_id}/jobs/instances/{run.id}"
    headers = {"Location": address, "x-ms-job-id": run.id, "Retry-After": "0"}
    return web.Response(status=202, headers=headers)


def _run(request: web.Request) -> JobInstance:
    run = request.app[_WORKSPACE].run(request.match_info["item"], request.match_info["run"])
    _item(request)
    return run


async def _get_run(request: web.Request) -> web.Response:
    """Answer the state of a run; the notebook's own path has more, and is in beta."""
    run, shown = _run(request), _run(request).as_json()
    if "kind" in request.match_info and run.item.type == "Notebook":
        if request.query.get("beta") != "true":
            raise Refusal(400, "InvalidParameter", "The query parameter beta must be true.")
        shown["properties"] = {"exitValue": shown.pop("exitValue", None), "compute": "Spark"}
    return web.json_response(shown)


async def _list_runs(request: web.Request) -> web.Response:
    runs = request.app[_WORKSPACE].runs_of(request.match_info["item"])
    return _page(request, [run.as_json() for run in runs])


async def _cancel(request: web.Request) -> web.Response:
    run = _run(request)
    if run.is_over:
        raise Refusal(400, "JobAlreadyCompleted", "The job instance run has completed.")
    run.stopped = run.stopped or datetime.now(UTC)
    return _accepted(request, run)


async def _query_activities(request: web.Request) -> web.Response:
    """Answer the scripted activities of a run as a list, not as an object."""
    run = request.app[_WORKSPACE].runs.get(request.match_info["run"].lower())
    if run is None or run.item.type != "DataPipeline":
        raise Refusal(404, "EntityNotFound", "The pipeline run could not be found.")
    body = await _body(request)
    if not {"filters", "lastUpdatedAfter", "lastUpdatedBefore"} <= body.keys():
        raise Refusal(400, "BadRequest", "The query cannot be read.")
    return web.json_response(run.item.activities if run.is_over else [])
