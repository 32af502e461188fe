"""The HTTP service of the Cloud Functions API and of the functions, and the control API for tests.

A function is at `/run/<name>`, as one of the first generation is at `/<name>` of its region's host.
"""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from aiohttp import web

from simulators.faults import FAULTS, Faults, Handle, fault_routes, go_wrong
from simulators.google_functions.publishing import NAME, Pages
from simulators.scripted_functions import FUNCTIONS, Functions, Script, Work, function_routes

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


def build_app(functions: Functions, told: Namespace) -> web.Application:
    """Return the application."""
    functions.scripts.setdefault(NAME, Script())
    pages = Pages(told.data / "published")
    app = web.Application(client_max_size=8 * 1024 * 1024, middlewares=[_answer])
    app[FUNCTIONS], app[FAULTS], app[_PAGES] = functions, Faults(), pages
    app[_SIZE] = told.page_size
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
    """Return the body of an error, as Google's APIs have it."""
    code = _CODES.get(status, "INTERNAL")
    return {"error": {"code": status, "message": message, "status": code}}


@web.middleware
async def _answer(request: web.Request, handler: Handle) -> web.StreamResponse:
    """Check who calls, and go wrong where a script says so."""
    if request.path.startswith(("/simulator/", "/published/")):
        return await handler(request)

    async def answer(request: web.Request) -> web.StreamResponse:
        if not request.headers.get("Authorization", "").startswith("Bearer "):
            return _refusal(request, 403 if request.path.startswith("/run/") else 401)
        try:
            return await handler(request)
        except web.HTTPException as error:
            return _refusal(request, error.status)

    _, _, below = request.path.partition(f"/locations/{request.match_info.get('location')}/")
    fault = request.app[FAULTS].take(below or request.path.strip("/"), request.method)
    if fault is None:
        return await answer(request)
    return await go_wrong(fault, request, answer, error_json)


def _refusal(request: web.Request, status: int) -> web.Response:
    if request.path.startswith("/run/"):
        # In front of the functions is another service, which speaks HTML.
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
    place = "projects/{project}/locations/{location}".format(**request.match_info)
    function: dict[str, Any] = {
        "name": f"{place}/functions/{name}",
        "environment": "GEN_2",
        "state": "ACTIVE",
        "description": "Publishes what it is given." if name == NAME else "",
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
        functions.note(name, request.headers.get("Idempotency-Key", ""))
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
