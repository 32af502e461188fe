"""Simulates AWS Lambda functions with responses that a test defines."""

from __future__ import annotations

import asyncio
import base64
import json
import uuid
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict

from simulators.aws.services import STATE, AwsCall, AwsService, rest
from simulators.aws.state import ACCOUNT, AwsState
from simulators.serving import Refusal

EXAMPLE = "send-figures"
_KIND = "functions"
_PATH = "/2015-03-31/functions"
_SYNC_LIMIT = 6 * 1024 * 1024
_EVENT_LIMIT = 1024 * 1024


class FunctionScript(BaseModel):
    """A function; without `payload` and `error` it returns its input."""

    model_config = ConfigDict(extra="forbid")

    payload: Any = None
    error: dict[str, Any] | None = None
    """The payload of a failure, such as `{"errorType": …, "errorMessage": …}`."""
    seconds: float = 0
    qualifiers: list[str] = ["$LATEST"]
    timeout: int = 3
    description: str = ""
    refusal: str | None = None
    """An error code with the status 502: Lambda cannot start the function."""


def publish_example(state: AwsState) -> None:
    """Add the function of the example, which answers with its input."""
    state.known(_KIND)[EXAMPLE] = FunctionScript(seconds=0.5)


def _function(call: AwsCall) -> tuple[str, FunctionScript]:
    given = call.request.match_info["name"]
    prefix = f"arn:aws:lambda:{call.region}:{ACCOUNT}:function:"
    name, _, qualifier = given.removeprefix(prefix).partition(":")
    qualifier = call.request.query.get("Qualifier", qualifier) or "$LATEST"
    script = call.state.known(_KIND).get(name)
    if script is None or qualifier not in script.qualifiers:
        arn = f"{prefix}{name}" + ("" if qualifier == "$LATEST" else f":{qualifier}")
        raise Refusal(404, "ResourceNotFoundException", f"Function not found: {arn}")
    return name, script


async def _invoke(call: AwsCall) -> web.Response:
    name, script = _function(call)
    kind = call.request.headers.get("X-Amz-Invocation-Type", "RequestResponse")
    if kind not in {"RequestResponse", "Event", "DryRun"}:
        raise Refusal(400, "InvalidParameterValueException", f"invocation type {kind}")
    size = len(call.request["body"])
    if size > (_EVENT_LIMIT if kind == "Event" else _SYNC_LIMIT):
        raise Refusal(413, "RequestEntityTooLargeException", f"{size} byte payload is too large")
    if script.refusal is not None:
        raise Refusal(502, script.refusal, "Lambda was unable to start the function.")
    request_id = str(uuid.uuid4())
    headers = {"x-amzn-RequestId": request_id, "X-Amz-Executed-Version": "$LATEST"}
    if kind == "DryRun":
        return web.Response(status=204, headers=headers)
    context = _context(call)
    call.state.record(operation="Invoke", name=name, id=request_id, type=kind, token=context)
    if kind == "Event":
        return web.Response(status=202, headers=headers)
    await asyncio.sleep(script.seconds)
    if script.error is not None:
        headers["X-Amz-Function-Error"] = "Unhandled"
        return web.json_response(script.error, headers=headers)
    return web.json_response(script.payload or call.body, headers=headers)


def _context(call: AwsCall) -> str:
    """Return the idempotency key in the client context, or an empty text."""
    given = call.request.headers.get("X-Amz-Client-Context", "")
    context = json.loads(base64.b64decode(given) or b"{}")
    return str(context.get("custom", {}).get("idempotencyKey", ""))


def _list(call: AwsCall) -> dict[str, Any]:
    known, query = call.state.known(_KIND), call.request.query
    names, marker = call.state.page(
        sorted(known), query.get("Marker"), int(query.get("MaxItems", "50"))
    )
    functions = [_configuration(call, name, known[name]) for name in names]
    return {"Functions": functions, "NextMarker": marker or None}


def _configuration(call: AwsCall, name: str, script: FunctionScript) -> dict[str, Any]:
    return {
        "FunctionName": name,
        "FunctionArn": f"arn:aws:lambda:{call.region}:{ACCOUNT}:function:{name}",
        "Description": script.description,
        "Timeout": script.timeout,
        "Runtime": "python3.13",
        "State": "Active",
        "Version": "$LATEST",
        "Environment": {"Variables": {"KEY": "never-shown"}},
    }


async def _put(request: web.Request) -> web.Response:
    script = FunctionScript.model_validate_json(await request.read())
    request.app[STATE].known(_KIND)[request.match_info["name"]] = script
    return web.json_response({})


SERVICE = AwsService(
    signing_name="lambda",
    routes=(
        rest("GET", _PATH, "ListFunctions", _list),
        rest(
            "GET",
            f"{_PATH}/{{name}}/configuration",
            "GetFunctionConfiguration",
            lambda call: _configuration(call, *_function(call)),
        ),
        rest("POST", f"{_PATH}/{{name}}/invocations", "Invoke", _invoke),
    ),
    control=(web.put("/simulator/functions/{name}", _put),),
)
