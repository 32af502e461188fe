"""Serves a simulated function app, with Durable Functions, Resource Manager and control APIs."""

from __future__ import annotations

from argparse import Namespace
from typing import Any

from aiohttp import web

from simulators.faults import FAULTS, FaultQueue, fault_routes
from simulators.scripted_functions import (
    FUNCTIONS,
    FunctionScript,
    ScriptedFunctions,
    Work,
    WorkScript,
    function_routes,
    matches,
)
from simulators.serving import Refusal, api_middleware

HOST_KEY, SYSTEM_KEY, MASTER_KEY = "host-key", "system-key", "master-key"
"""Keys for the functions, for the API of Durable Functions, and for both."""

_SITE = "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.Web/sites/{app}"
_DURABLE = "/runtime/webhooks/durabletask"
_PAGE = web.AppKey("page", int)


def build_app(functions: ScriptedFunctions, options: Namespace) -> web.Application:
    """Return the application with the platform's API and the control API."""
    app = web.Application(
        client_max_size=8 * 1024 * 1024,
        middlewares=[api_middleware(check=_check, endpoint=_endpoint)],
    )
    app[FUNCTIONS], app[FAULTS], app[_PAGE] = functions, FaultQueue(), options.page_size
    app.add_routes(
        [
            *fault_routes(),
            *function_routes(),
            web.get("/", _home),
            web.get(_SITE, _get_site),
            web.get(f"{_SITE}/functions", _list_functions),
            web.get(f"{_SITE}/functions/{{name}}", _get_function),
            web.post(f"{_SITE}/host/default/listkeys", _list_keys),
            web.route("*", "/api/{path:.+}", _call),
            web.post(f"{_DURABLE}/orchestrators/{{name}}/{{id}}", _start),
            web.get(f"{_DURABLE}/instances/{{id}}", _status),
            web.post(f"{_DURABLE}/instances/{{id}}/terminate", _terminate),
        ]
    )
    return app


def _endpoint(request: web.Request) -> str:
    if "subscription" not in request.match_info:
        return request.path.strip("/")
    return request.path.partition(f"/sites/{request.match_info['app']}")[2].strip("/") or "site"


def _check(request: web.Request) -> None:
    bearer = request.headers.get("Authorization", "").startswith("Bearer ")
    if "subscription" in request.match_info:
        if not bearer:
            raise Refusal(401, "AuthenticationFailed", "The access token is missing.")
        if request.query.get("api-version") is None:
            raise Refusal(400, "MissingApiVersionParameter", "The api-version is missing.")
        return
    key = request.headers.get("x-functions-key") or request.query.get("code")
    wanted = SYSTEM_KEY if request.path.startswith(_DURABLE) else HOST_KEY
    # App Service Authentication accepts tokens for functions, but not for Durable Functions' API.
    accepts_token = bearer and wanted == HOST_KEY
    if request.path != "/" and not accepts_token and key not in {wanted, MASTER_KEY}:
        raise web.HTTPUnauthorized


async def _home(_: web.Request) -> web.Response:
    return web.Response(text="Your function app is up and running.")


async def _get_site(request: web.Request) -> web.Response:
    app = request.match_info["app"]
    properties = {"state": "Running", "defaultHostName": request.host, "enabled": True}
    return web.json_response(
        {
            "id": request.path,
            "name": app,
            "type": "Microsoft.Web/sites",
            "kind": "functionapp,linux",
            "location": "West Europe",
            "properties": properties,
        }
    )


async def _list_functions(request: web.Request) -> web.Response:
    scripts = sorted(request.app[FUNCTIONS].scripts.items())
    first, size = int(request.query.get("skip", "0")), request.app[_PAGE]
    answer: dict[str, Any] = {
        "value": [_function_json(request, *each) for each in scripts[first : first + size]]
    }
    if first + size < len(scripts):
        version = request.query["api-version"]
        address = f"http://{request.host}{request.path}"
        answer["nextLink"] = f"{address}?api-version={version}&skip={first + size}"
    return web.json_response(answer)


async def _get_function(request: web.Request) -> web.Response:
    name = request.match_info["name"]
    script = request.app[FUNCTIONS].scripts.get(name)
    if script is None:
        raise Refusal(404, "NotFound", f"Function '{name}' was not found.")
    return web.json_response(_function_json(request, name, script))


def _function_json(request: web.Request, name: str, script: FunctionScript) -> dict[str, Any]:
    site = request.path.partition("/functions")[0]
    binding: dict[str, Any] = {"type": script.trigger, "direction": "in", "name": "req"}
    if script.route is not None:
        binding["route"] = script.route
    return {
        "id": f"{site}/functions/{name}",
        "name": f"{request.match_info['app']}/{name}",
        "type": "Microsoft.Web/sites/functions",
        "properties": {
            "name": name,
            "function_app_id": site,
            "config": {"bindings": [binding, {"type": "http", "direction": "out"}]},
            "invoke_url_template": f"http://{request.host}/api/{script.route or name}",
            "language": "python",
            "isDisabled": script.disabled,
        },
    }


async def _list_keys(_: web.Request) -> web.Response:
    return web.json_response(
        {
            "masterKey": MASTER_KEY,
            "functionKeys": {"default": HOST_KEY},
            "systemKeys": {"durabletask_extension": SYSTEM_KEY},
        }
    )


async def _call(request: web.Request) -> web.Response:
    functions = request.app[FUNCTIONS]
    path = request.raw_path.partition("?")[0].removeprefix("/api/")
    for name, script in functions.scripts.items():
        if script.trigger == "httpTrigger" and matches(script.route or name, path):
            outcome = await functions.call(name, request)
            return _accepted(request, outcome) if isinstance(outcome, Work) else outcome
    raise web.HTTPNotFound


async def _start(request: web.Request) -> web.Response:
    functions = request.app[FUNCTIONS]
    name, work_id = request.match_info["name"], request.match_info["id"]
    script = functions.scripts.get(name)
    if script is None or script.trigger != "orchestrationTrigger":
        raise web.HTTPNotFound
    known = functions.works.get(work_id)
    if known is not None and not known.is_over:
        raise web.HTTPConflict
    outcome = script.work or WorkScript(output=await request.json())
    return _accepted(request, functions.start(name, outcome, work_id, work_id))


def _accepted(request: web.Request, work: Work) -> web.Response:
    address = f"http://{request.host}{_DURABLE}/instances/{work.id}"
    query = f"taskHub=Hub&connection=Storage&code={SYSTEM_KEY}"
    links = {
        "id": work.id,
        "statusQueryGetUri": f"{address}?{query}",
        "terminatePostUri": f"{address}/terminate?reason={{text}}&{query}",
        "purgeHistoryDeleteUri": f"{address}?{query}",
    }
    headers = {"Location": links["statusQueryGetUri"], "Retry-After": "10"}
    return web.json_response(links, status=202, headers=headers)


async def _status(request: web.Request) -> web.Response:
    work = _work(request)
    body = {
        "name": work.function,
        "instanceId": work.id,
        "runtimeStatus": work.status,
        "input": None,
        "output": work.script.output if work.is_over and work.stopped is None else None,
        "createdTime": work.begun.isoformat(),
        "lastUpdatedTime": (work.stopped or work.begun).isoformat(),
    }
    return web.json_response(body, status=200 if work.is_over else 202)


async def _terminate(request: web.Request) -> web.Response:
    work = _work(request)
    if work.is_over:
        raise web.HTTPGone
    work.stop()
    return web.Response(status=202)


def _work(request: web.Request) -> Work:
    work = request.app[FUNCTIONS].works.get(request.match_info["id"])
    if work is None:
        raise web.HTTPNotFound
    return work
