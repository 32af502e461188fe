"""Serves the simulated Consumption and Standard workflow APIs, with a control API for tests.

A workflow exists in both forms at once: below `Microsoft.Logic` and in any app.
"""

from __future__ import annotations

import json
import uuid
from argparse import Namespace
from typing import Any

from aiohttp import web

from simulators.faults import FAULTS, FaultQueue, fault_routes
from simulators.scripted_functions import FUNCTIONS, ScriptedFunctions, Work, WorkScript
from simulators.serving import Refusal, api_middleware

_ROOT = "/subscriptions/{subscription}/resourceGroups/{group}/providers"
_CONSUMPTION = f"{_ROOT}/Microsoft.Logic/workflows"
_STANDARD = f"{_ROOT}/Microsoft.Web/sites/{{app}}/workflows"
_RUNTIME = (
    f"{_ROOT}/Microsoft.Web/sites/{{app}}/hostruntime/runtime/webhooks/workflow/api/management"
    "/workflows"
)
_JSON_TYPES: dict[str, Any] = {
    "string": str,
    "integer": int,
    "number": (int, float),
    "boolean": bool,
    "array": list,
    "object": dict,
}
_SIGNATURE = "s1gnature"
_SIZE = web.AppKey("size", int)
_WORKFLOWS = web.AppKey("workflows", dict[str, dict[str, Any]])
_INPUTS = web.AppKey("inputs", dict[str, dict[str, Any]])
_WORDS = {"Running": "Running", "Completed": "Succeeded", "Failed": "Failed"}


def build_app(functions: ScriptedFunctions, options: Namespace) -> web.Application:
    """Return the application with the platform's API and the control API."""
    app = web.Application(
        client_max_size=8 * 1024 * 1024,
        middlewares=[api_middleware(check=_check, endpoint=_endpoint)],
    )
    app[FUNCTIONS], app[FAULTS], app[_SIZE] = functions, FaultQueue(), options.page_size
    app[_WORKFLOWS], app[_INPUTS] = {}, {}
    app.add_routes([*fault_routes(), web.put("/simulator/workflows/{workflow}", _put)])
    for root in (_CONSUMPTION, _STANDARD):
        app.add_routes([web.get(root, _list), web.get(f"{root}/{{workflow}}", _get)])
    for root in (_CONSUMPTION, _RUNTIME):
        runs = f"{root}/{{workflow}}/runs"
        app.add_routes(
            [
                web.post(f"{root}/{{workflow}}/triggers/{{trigger}}/listCallbackUrl", _callback),
                web.get(runs, _list_runs),
                web.get(f"{runs}/{{run}}", _get_run),
                web.post(f"{runs}/{{run}}/cancel", _cancel),
                web.get(f"{runs}/{{run}}/actions", _list_actions),
                web.get(f"{runs}/{{run}}/actions/{{action}}/repetitions", _list_repetitions),
            ]
        )
    app.add_routes([web.post("/api/{workflow}/triggers/{trigger}/invoke", _invoke)])
    return app


def _endpoint(request: web.Request) -> str:
    if request.path.startswith("/api/"):
        return request.path.strip("/")
    if request.path.endswith("/workflows"):
        return "workflows"
    return request.path.rpartition("/workflows/")[2]


def _check(request: web.Request) -> None:
    if request.path.startswith("/api/"):
        if request.query.get("sig") != _SIGNATURE or "Authorization" in request.headers:
            raise Refusal(401, "DirectApiAuthorizationRequired")
        return
    if not request.headers.get("Authorization", "").startswith("Bearer "):
        raise Refusal(401, "AuthenticationFailed")
    if request.query.get("api-version") is None:
        raise Refusal(400, "MissingApiVersionParameter")


async def _put(request: web.Request) -> web.Response:
    """Define a workflow: `kind`, `definition`, the course of its runs (`work`), `answers`."""
    request.app[_WORKFLOWS][request.match_info["workflow"]] = await request.json()
    return web.json_response({})


def _workflow(request: web.Request) -> dict[str, Any]:
    workflow = request.app[_WORKFLOWS].get(request.match_info["workflow"])
    if workflow is None:
        code = "WorkflowNotFound" if "app" in request.match_info else "ResourceNotFound"
        raise Refusal(404, code)
    return workflow


async def _list(request: web.Request) -> web.Response:
    expand = "app" not in request.match_info or request.query.get("$expand") == "definition"
    every = sorted(request.app[_WORKFLOWS].items())
    entries = [_json(request, *each, shown=expand) for each in every]
    return _page(request, entries)


async def _get(request: web.Request) -> web.Response:
    workflow = _workflow(request)
    return web.json_response(_json(request, request.match_info["workflow"], workflow, shown=True))


def _json(
    request: web.Request, name: str, workflow: dict[str, Any], *, shown: bool
) -> dict[str, Any]:
    definition, kind = workflow.get("definition"), workflow.get("kind", "Stateful")
    if "app" not in request.match_info:
        properties = {"state": "Enabled", "definition": definition}
        return {"name": name, "type": "Microsoft.Logic/workflows", "properties": properties}
    files = {"workflow.json": {"definition": definition, "kind": kind}} if shown else {}
    return {
        "name": f"{request.match_info['app']}/{name}",
        "type": "Microsoft.Web/sites/workflows",
        "kind": kind,
        "properties": {"files": files, "flowState": "Enabled"},
    }


def _page(request: web.Request, entries: list[dict[str, Any]]) -> web.Response:
    first, size = int(request.query.get("skip", "0")), request.app[_SIZE]
    answer: dict[str, Any] = {"value": entries[first : first + size]}
    if first + size < len(entries):
        address = request.url.update_query(skip=str(first + size))
        answer["nextLink"] = str(address)
    return web.json_response(answer)


async def _callback(request: web.Request) -> web.Response:
    workflow, trigger = _workflow(request), request.match_info["trigger"]
    if trigger not in (workflow.get("definition") or {}).get("triggers", {}):
        raise Refusal(404, "TriggerNotFound")
    name = request.match_info["workflow"]
    path = f"/api/{name}/triggers/{trigger}/invoke"
    query = f"api-version=2016-10-01&sp=%2Ftriggers%2F{trigger}%2Frun&sv=1.0&sig={_SIGNATURE}"
    answer = {"value": f"http://{request.host}{path}?{query}", "method": "POST"}
    return web.json_response({**answer, **workflow.get("callback", {})})


async def _invoke(request: web.Request) -> web.Response:
    workflow, functions = _workflow(request), request.app[FUNCTIONS]
    _check_call(workflow, json.loads(await request.read()))
    run_id = f"0858{uuid.uuid4().hex.upper()}CU01"
    token = request.headers.get("x-ms-client-tracking-id", "")
    work = functions.start(
        request.match_info["workflow"],
        WorkScript.model_validate(workflow.get("work", {})),
        run_id,
        token,
    )
    request.app[_INPUTS][work.id] = {"token": token, "body": json.loads(await request.read())}
    headers = {"x-ms-workflow-run-id": run_id, **workflow.get("headers", {})}
    return web.json_response({}, status=workflow.get("answers", 202), headers=headers)


def _check_call(workflow: dict[str, Any], body: Any) -> None:
    """Refuse a call of a disabled workflow, and values of wrong types.

    The engine checks the schema only if the trigger says so.
    """
    if workflow.get("state", "Enabled") != "Enabled":
        raise Refusal(404, "WorkflowTriggerIsNotEnabled")
    for trigger in ((workflow.get("definition") or {}).get("triggers") or {}).values():
        if trigger.get("operationOptions") != "EnableSchemaValidation":
            continue
        properties = (trigger.get("inputs") or {}).get("schema", {}).get("properties", {})
        for name, value in body.items():
            expected = _JSON_TYPES.get(properties.get(name, {}).get("type"), object)
            is_other_bool = isinstance(value, bool) and expected not in {bool, object}
            if is_other_bool or not isinstance(value, expected):
                raise Refusal(400, "TriggerInputSchemaMismatch")


def _runs(request: web.Request) -> list[Work]:
    workflow = _workflow(request)
    if workflow.get("kind") == "Stateless":
        return []
    name = request.match_info["workflow"]
    return [each for each in request.app[FUNCTIONS].works.values() if each.function == name]


async def _list_runs(request: web.Request) -> web.Response:
    runs = [_run_json(request, work) for work in reversed(_runs(request))]
    wanted = request.query.get("$filter", "")
    if wanted.startswith("ClientTrackingId eq "):
        token = wanted.removeprefix("ClientTrackingId eq ").strip("'")
        runs = [
            run for run in runs if run["properties"]["correlation"]["clientTrackingId"] == token
        ]
    return _page(request, runs)


async def _get_run(request: web.Request) -> web.Response:
    return web.json_response(_run_json(request, _run(request)))


async def _cancel(request: web.Request) -> web.Response:
    work = _run(request)
    if work.is_over:
        raise Refusal(409, "WorkflowRunNotCancellable")
    work.stop()
    return web.Response(status=200)


async def _list_actions(request: web.Request) -> web.Response:
    """Answer the actions of a run, which the workflow's `actions` script."""
    work = _run(request)
    actions = _workflow(request).get("actions", {}) if work.is_over else {}
    entries = [_action_json(request, name, script) for name, script in actions.items()]
    return _page(request, entries)


async def _list_repetitions(request: web.Request) -> web.Response:
    _run(request)
    script = _workflow(request).get("actions", {}).get(request.match_info["action"])
    if script is None:
        raise Refusal(404, "WorkflowRunActionNotFound")
    passes = script.get("repetitions", [])
    entries = [_action_json(request, f"{each:06}", one) for each, one in enumerate(passes)]
    return _page(request, entries)


def _action_json(request: web.Request, name: str, script: dict[str, Any]) -> dict[str, Any]:
    shown = {key: value for key, value in script.items() if key != "repetitions"}
    if "repetitions" in script:
        shown["repetitionCount"] = len(script["repetitions"])
    properties = {"status": "Succeeded", "code": "OK", **shown}
    return {"id": f"{request.path}/{name}", "name": name, "properties": properties}


def _run(request: web.Request) -> Work:
    work = next((each for each in _runs(request) if each.id == request.match_info["run"]), None)
    if work is None:
        raise Refusal(404, "WorkflowRunNotFound")
    return work


def _run_json(request: web.Request, work: Work) -> dict[str, Any]:
    options = request.app[_INPUTS][work.id]
    given = work.script.output if isinstance(work.script.output, dict) else {}
    properties: dict[str, Any] = {
        "status": "Cancelled" if work.stopped else _WORDS[work.status],
        "startTime": work.begun.isoformat(),
        "correlation": {"clientTrackingId": options["token"]},
        "trigger": {"name": "manual", "outputs": {"body": options["body"]}},
        "outputs": {},
    }
    if work.is_over:
        properties["endTime"] = (work.stopped or work.begun).isoformat()
    if work.status == "Completed":
        properties["outputs"] = {
            name: {"type": "Object", "value": value} for name, value in given.items()
        }
    if work.status == "Failed":
        properties["code"] = "ActionFailed"
        properties["error"] = {"code": "ActionFailed", "message": "An action failed."}
    return {"id": request.path, "name": work.id, "properties": properties}
