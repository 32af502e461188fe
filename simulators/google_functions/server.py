"""Serves the simulated Cloud Functions API and test-defined functions, with a control API.

A function is at `/run/<name>`. A real function of the first generation also has its name in the
path of its address.
"""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from aiohttp import web

from simulators.faults import FAULTS, FaultQueue, fault_routes
from simulators.google_functions.pages import NAME, Pages
from simulators.scripted_functions import (
    FUNCTIONS,
    FunctionScript,
    ScriptedFunctions,
    Work,
    function_routes,
)
from simulators.serving import CONTROL, Refusal, api_middleware

_LOCATION = "/v2/projects/{project}/locations/{location}"
_PAGES = web.AppKey("pages", Pages)
_SIZE = web.AppKey("size", int)
_CODES = {
    400: "INVALID_ARGUMENT",
    401: "UNAUTHENTICATED",
    403: "PERMISSION_DENIED",
    404: "NOT_FOUND",
    429: "RESOURCE_EXHAUSTED",
    503: "UNAVAILABLE",
}


def build_app(functions: ScriptedFunctions, options: Namespace) -> web.Application:
    """Return the application with the platform's API and the control API."""
    functions.scripts.setdefault(NAME, FunctionScript())
    pages = Pages(options.data / "published")
    middleware = api_middleware(
        check=_check,
        endpoint=_endpoint,
        answer_refusal=_answer_refusal,
        error_body=error_json,
        is_api=lambda path: not path.startswith((CONTROL, "/published/")),
    )
    app = web.Application(client_max_size=8 * 1024 * 1024, middlewares=[middleware])
    app[FUNCTIONS], app[FAULTS], app[_PAGES] = functions, FaultQueue(), pages
    app[_SIZE] = options.page_size
    app.add_routes(
        [
            *fault_routes(),
            *function_routes(),
            web.get(f"{_LOCATION}/functions", _list),
            web.get(f"{_LOCATION}/functions/{{name}}", _get),
            web.route("*", "/run/{name}", _call),
            web.get("/run/{name}/status/{id}", _status),
            web.get("/published/{name:[0-9a-f]+}", pages.show),
        ]
    )
    return app


def error_json(status: int, message: str) -> dict[str, Any]:
    """Return the body of an error in the form of Google's APIs."""
    code = _CODES.get(status, "INTERNAL")
    return {"error": {"code": status, "message": message, "status": code}}


def _check(request: web.Request) -> None:
    if not request.headers.get("Authorization", "").startswith("Bearer "):
        raise Refusal(403 if request.path.startswith("/run/") else 401, "UNAUTHENTICATED")


def _endpoint(request: web.Request) -> str:
    _, _, below = request.path.partition(f"/locations/{request.match_info.get('location')}/")
    return below or request.path.strip("/")


def _answer_refusal(request: web.Request, refusal: Refusal) -> web.Response:
    status = refusal.status
    if request.path.startswith("/run/"):
        # Another service stands in front of the functions; it answers in HTML.
        page = f"<html><body><h1>Error {status}</h1></body></html>"
        return web.Response(status=status, text=page, content_type="text/html")
    return web.json_response(error_json(status, "The request was refused."), status=status)


async def _list(request: web.Request) -> web.Response:
    names = sorted(request.app[FUNCTIONS].scripts)
    first = int(request.query.get("pageToken") or "0")
    size = min(int(request.query.get("pageSize") or "100"), request.app[_SIZE])
    answer: dict[str, Any] = {
        "functions": [_function_json(request, name) for name in names[first : first + size]]
    }
    if first + size < len(names):
        answer["nextPageToken"] = str(first + size)
    return web.json_response(answer)


async def _get(request: web.Request) -> web.Response:
    if request.match_info["name"] not in request.app[FUNCTIONS].scripts:
        raise web.HTTPNotFound
    return web.json_response(_function_json(request, request.match_info["name"]))


def _function_json(request: web.Request, name: str) -> dict[str, Any]:
    script = request.app[FUNCTIONS].scripts[name]
    parent = "projects/{project}/locations/{location}".format(**request.match_info)
    function: dict[str, Any] = {
        "name": f"{parent}/functions/{name}",
        "environment": "GEN_2",
        "state": "ACTIVE",
        "description": "Publishes its input as a page." if name == NAME else "",
        "serviceConfig": {"uri": f"http://{request.host}/run/{name}", "timeoutSeconds": 60},
    }
    if script.trigger != "httpTrigger":
        function["eventTrigger"] = {"eventType": script.trigger}
    return function


async def _call(request: web.Request) -> web.Response:
    functions, name = request.app[FUNCTIONS], request.match_info["name"]
    script = functions.scripts.get(name)
    if script is None or script.trigger != "httpTrigger":
        raise web.HTTPNotFound
    if name == NAME:
        functions.record_call(name, request.headers.get("Idempotency-Key", ""))
        return await request.app[_PAGES].publish(request)
    outcome = await functions.call(name, request)
    if not isinstance(outcome, Work):
        return outcome
    link = f"http://{request.host}/run/{name}/status/{outcome.id}"
    return web.json_response({"statusQueryUrl": link}, status=202)


async def _status(request: web.Request) -> web.Response:
    work = request.app[FUNCTIONS].works.get(request.match_info["id"])
    if work is None:
        raise web.HTTPNotFound
    output = work.script.output if work.is_over else None
    body = output if isinstance(output, dict) else {}
    return web.json_response({"status": work.status, **body}, status=200 if work.is_over else 202)
