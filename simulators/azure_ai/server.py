"""Serves the simulated Azure OpenAI and Foundry APIs, with a control API for tests."""

from __future__ import annotations

import re
from collections.abc import Callable
from typing import Any

from aiohttp import web

from simulators.azure_ai.agents import agent_routes
from simulators.azure_ai.batches import cancel_batch, create_batch, get_batch, list_batches
from simulators.azure_ai.evaluations import evaluation_routes
from simulators.azure_ai.models import FieldRefusal, complete_chat, embed, list_models
from simulators.azure_ai.state import SERVICE, Service, read_body
from simulators.faults import FAULTS, FaultQueue, fault_routes
from simulators.serving import Refusal, api_middleware

REFUSED_TOKEN = "refused"  # noqa: S105 - not a secret
"""A token or key that the service always refuses."""

_ACCOUNT = (
    "/subscriptions/{subscription}/resourceGroups/{group}/providers/Microsoft.CognitiveServices"
    "/accounts/{account}"
)
_PROJECT = "/api/projects/{project}"
_DATED = re.compile(r"20[0-9]{2}-[0-9]{2}-[0-9]{2}(?:-preview)?")
_PREFIX = re.compile(
    r"/subscriptions/[^/]*/resourceGroups/[^/]*/providers/[^/]*/accounts/[^/]*/"
    r"|(?:/api/projects/[^/]*)?/openai/(?:v1/)?(?:deployments/[^/]*/)?"
    r"|/api/projects/[^/]*/"
)


def build_app(service: Service) -> web.Application:
    """Return the application with all APIs."""
    app = web.Application(
        client_max_size=8 * 1024 * 1024,
        middlewares=[
            api_middleware(check=_check, endpoint=_endpoint, answer_refusal=_answer_refusal)
        ],
    )
    app[SERVICE] = service
    app[FAULTS] = FaultQueue()
    app.add_routes(
        [
            *fault_routes(),
            web.put("/simulator/{kind:deployments|files|agents|evaluations}/{name}", _put_script),
            *agent_routes(_PROJECT),
            *evaluation_routes(_PROJECT),
            web.get(f"{_PROJECT}/deployments", _list_project_deployments),
            web.get(f"{_PROJECT}/deployments/{{name}}", _get_project_deployment),
            web.get(f"{_ACCOUNT}/deployments", _list_deployments),
            web.get(f"{_ACCOUNT}/deployments/{{name}}", _get_deployment),
            web.post("/openai/deployments/{deployment}/chat/completions", complete_chat),
            web.post("/openai/deployments/{deployment}/embeddings", embed),
            web.post("/openai/v1/chat/completions", complete_chat),
            web.post("/openai/v1/embeddings", embed),
        ]
    )
    for prefix in ("/openai", "/openai/v1"):
        app.add_routes(
            [
                web.get(f"{prefix}/models", list_models),
                web.post(f"{prefix}/batches", create_batch),
                web.get(f"{prefix}/batches", list_batches),
                web.get(f"{prefix}/batches/{{batch}}", get_batch),
                web.post(f"{prefix}/batches/{{batch}}/cancel", cancel_batch),
            ]
        )
    app.on_cleanup.append(_close)
    return app


async def _close(app: web.Application) -> None:
    app[SERVICE].close()


def _endpoint(request: web.Request) -> str:
    found = _PREFIX.match(request.path)
    return request.path[found.end() :] if found else request.path.removeprefix("/")


def _check(request: web.Request) -> None:
    scheme, _, token = request.headers.get("Authorization", "").partition(" ")
    takes_key = request.path.startswith("/openai/")
    key = request.headers.get("api-key", "") if takes_key else ""
    given = token.strip() if scheme.lower() == "bearer" else key
    if given in {"", REFUSED_TOKEN}:
        raise Refusal(401, "401", "Access denied due to invalid subscription key or token.")
    _check_version(request)


def _check_version(request: web.Request) -> None:
    version, path = request.query.get("api-version"), request.path
    if "/openai/v1/" in path:
        is_known = version in {None, "v1", "preview"}
    elif path.startswith("/api/projects/"):
        is_known = version == "v1"
    else:
        is_known = _DATED.fullmatch(version or "") is not None
    if not is_known:
        raise Refusal(400, "BadRequest", "API version not supported")


def _answer_refusal(_: web.Request, refusal: Refusal) -> web.Response:
    field = refusal.field if isinstance(refusal, FieldRefusal) else None
    error = {"code": refusal.code, "message": refusal.message, "param": field, "type": None}
    return web.json_response({"error": error}, status=refusal.status)


async def _put_script(request: web.Request) -> web.Response:
    kind, name = request.match_info["kind"], request.match_info["name"]
    request.app[SERVICE].scripts.setdefault(kind, {})[name] = await read_body(request)
    return web.json_response({})


async def _list_deployments(request: web.Request) -> web.Response:
    return _page(request, _resource)


async def _get_deployment(request: web.Request) -> web.Response:
    return web.json_response(_resource(request, _named(request)))


async def _list_project_deployments(request: web.Request) -> web.Response:
    return _page(request, _project_deployment)


async def _get_project_deployment(request: web.Request) -> web.Response:
    return web.json_response(_project_deployment(request, _named(request)))


def _page(
    request: web.Request, as_json: Callable[[web.Request, str], dict[str, Any]]
) -> web.Response:
    """Answer with a page of deployments, and the link to the next one."""
    service = request.app[SERVICE]
    names = sorted(service.scripts.get("deployments", {}))
    first = int(request.query.get("$skiptoken", "0"))
    following = first + service.page_size
    answer: dict[str, Any] = {"value": [as_json(request, each) for each in names[first:following]]}
    if following < len(names):
        version = request.query["api-version"]
        path = f"http://{request.host}{request.path}"
        answer["nextLink"] = f"{path}?api-version={version}&%24skiptoken={following}"
    return web.json_response(answer)


def _named(request: web.Request) -> str:
    name = request.match_info["name"]
    if request.app[SERVICE].script("deployments", name) is None:
        raise Refusal(404, "ResourceNotFound", f"The resource '{name}' was not found.")
    return name


def _project_deployment(request: web.Request, name: str) -> dict[str, Any]:
    resource = _resource(request, name)
    model, able = resource["properties"]["model"], resource["properties"]["capabilities"]
    return {
        "name": name,
        "type": "ModelDeployment",
        "modelName": model["name"],
        "modelVersion": model["version"],
        "modelPublisher": model["format"],
        # The project spells the names of capabilities in another way than the resource.
        "capabilities": {"chat_completion" if "chat" in each else each: "true" for each in able},
        "sku": resource["sku"],
    }


def _resource(request: web.Request, name: str) -> dict[str, Any]:
    script = request.app[SERVICE].scripts["deployments"][name]
    model = script["model"]
    able = script.get("capabilities") or {
        "embeddings" if "embedding" in model else "chatCompletion": "true"
    }
    return {
        "id": f"{request.path.partition('/deployments')[0]}/deployments/{name}",
        "name": name,
        "type": "Microsoft.CognitiveServices/accounts/deployments",
        "sku": {"name": script.get("sku", "GlobalStandard"), "capacity": 10},
        "properties": {
            "model": {"format": "OpenAI", "name": model, "version": "1"},
            "capabilities": able,
            "provisioningState": "Succeeded",
        },
    }
