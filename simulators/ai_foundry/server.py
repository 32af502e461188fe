"""Serves the simulated Azure Machine Learning Jobs API, with a control API for tests."""

from __future__ import annotations

import json
import time
from dataclasses import dataclass
from typing import Any

from aiohttp import web

from simulators.ai_foundry.errors import ApiError, answer_refusal, bad_argument, error_json
from simulators.ai_foundry.jobs import Job, Jobs
from simulators.faults import FAULTS, FaultQueue, fault_routes
from simulators.serving import api_middleware

_GROUP = "/subscriptions/{subscription}/resourceGroups/{group}"
_PROVIDER = "providers/Microsoft.MachineLearningServices"
_WORKSPACE = f"{_GROUP}/{_PROVIDER}/workspaces/{{workspace}}"
_OPERATION = f"/subscriptions/{{subscription}}/{_PROVIDER}/locations/local/mfeOperationResults"


@dataclass(frozen=True, slots=True, kw_only=True)
class Service:
    """The state behind the handlers."""

    workspace: str
    jobs: Jobs
    page_size: int


SERVICE = web.AppKey("service", Service)


def build_app(service: Service) -> web.Application:
    """Return the application with the Jobs API and the control API for tests."""
    middleware = api_middleware(
        check=_check, endpoint=_endpoint, answer_refusal=answer_refusal, error_body=error_json
    )
    app = web.Application(client_max_size=4 * 1024 * 1024, middlewares=[middleware])
    app[SERVICE] = service
    app[FAULTS] = FaultQueue()
    app.add_routes(
        [
            web.get(_WORKSPACE, _get_workspace),
            web.get(f"{_WORKSPACE}/jobs", _list),
            web.get(f"{_WORKSPACE}/jobs/{{name}}", _get),
            web.put(f"{_WORKSPACE}/jobs/{{name}}", _put),
            web.post(f"{_WORKSPACE}/jobs/{{name}}/cancel", _cancel),
            web.get(f"{_OPERATION}/{{name}}", _cancelled),
            *fault_routes(),
            web.get("/simulator/jobs", _all),
        ]
    )
    return app


def _endpoint(request: web.Request) -> str:
    below = request.path.partition("/workspaces/")[2]
    return below.partition("/")[2] or "workspace"


_ASSET_NAMES = frozenset({"assetName", "assetVersion"})


def _check(request: web.Request) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    if scheme.lower() != "bearer" or not token.strip():
        message = "The 'Authorization' header is not present or not in the form 'Bearer'."
        raise ApiError(401, "AuthenticationFailed", message)
    if not request.query.get("api-version"):
        message = "The api-version query parameter (?api-version=) is required for all requests."
        raise ApiError(400, "MissingApiVersionParameter", message)
    asked, own = request.match_info.get("workspace"), request.app[SERVICE].workspace
    if asked is not None and asked.lower() != own.lower():
        message = f"The Resource 'Microsoft.MachineLearningServices/workspaces/{asked}' is missing."
        raise ApiError(404, "ResourceNotFound", message)


async def _get_workspace(request: web.Request) -> web.Response:
    return web.json_response(
        {
            "id": request.path,
            "name": request.app[SERVICE].workspace,
            "type": "Microsoft.MachineLearningServices/workspaces",
            "location": "local",
            "properties": {"provisioningState": "Succeeded"},
        }
    )


async def _list(request: web.Request) -> web.Response:
    kind, tag = request.query.get("jobType"), request.query.get("tag")
    service, skip = request.app[SERVICE], request.query.get("$skip", "0")
    if not skip.isdecimal():
        raise bad_argument("$skip is not a number.")

    def wanted(job: Job) -> bool:
        tags = job.properties.get("tags") or {}
        return kind in {None, job.properties["jobType"]} and (tag is None or tag in tags)

    found, start = service.jobs.matching(wanted), int(skip)
    end = start + service.page_size
    path = request.path.removesuffix("/jobs")
    shown = [_in_version(request, job.as_json(path, time.time())) for job in found[start:end]]
    answer: dict[str, Any] = {"value": shown}
    if end < len(found):
        answer["nextLink"] = str(request.url.update_query({"$skip": str(end)}))
    return web.json_response(answer)


async def _get(request: web.Request) -> web.Response:
    return _one(request, request.app[SERVICE].jobs.get(request.match_info["name"]))


async def _put(request: web.Request) -> web.Response:
    try:
        body = json.loads(await request.read())
    except (ValueError, RecursionError):
        body = None
    properties = body.get("properties") if isinstance(body, dict) else None
    if not isinstance(properties, dict):
        raise bad_argument("The request is not a job.")
    properties = _known_properties(request, properties)
    job, created = request.app[SERVICE].jobs.put(request.match_info["name"], properties)
    return _one(request, job, status=201 if created else 200)


async def _cancel(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    request.app[SERVICE].jobs.cancel(name)
    operation = _OPERATION.format(subscription=request.match_info["subscription"])
    version = {"api-version": request.query["api-version"]}
    location = request.url.with_path(f"{operation}/{name}").with_query(version)
    return web.Response(status=202, headers={"Location": str(location), "Retry-After": "0"})


async def _cancelled(request: web.Request) -> web.Response:
    """Answer the state of a cancellation: 202 until the job has ended."""
    job = request.app[SERVICE].jobs.get(request.match_info["name"])
    if job.ended_at(time.time()) is not None:
        return web.Response()
    return web.Response(status=202, headers={"Location": str(request.url), "Retry-After": "0"})


def _one(request: web.Request, job: Job, status: int = 200) -> web.Response:
    path = request.path.rpartition("/jobs/")[0]
    shown = _in_version(request, job.as_json(path, time.time()))
    return web.json_response(shown, status=status)


def _in_version(request: web.Request, job: dict[str, Any]) -> dict[str, Any]:
    """Return a job as the requested version shows it: stable ones lack the names of assets."""
    return {**job, "properties": _known_properties(request, job["properties"])}


def _known_properties(request: web.Request, properties: dict[str, Any]) -> dict[str, Any]:
    outputs = properties.get("outputs")
    if request.query["api-version"].endswith("-preview") or not isinstance(outputs, dict):
        return properties
    known = {
        name: {key: value for key, value in entry.items() if key not in _ASSET_NAMES}
        if isinstance(entry, dict)
        else entry
        for name, entry in outputs.items()
    }
    return {**properties, "outputs": known}


async def _all(request: web.Request) -> web.Response:
    now = time.time()
    jobs = [
        {
            "name": job.name,
            "displayName": job.properties.get("displayName"),
            "jobType": job.properties["jobType"],
            "status": job.state(now),
        }
        for job in request.app[SERVICE].jobs.matching(lambda job: not job.is_template)
    ]
    return web.json_response({"jobs": jobs})
