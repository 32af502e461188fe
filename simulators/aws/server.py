"""Serves all simulated AWS services on one port, for the `endpoint_url` of clients.

The service of a request is in its signature, the operation in `X-Amz-Target` or in the path.
A module for each service adds its `SERVICE` to `SERVICES`.
"""

from __future__ import annotations

import json
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from aiohttp import web

from simulators.aws import (
    batch,
    glue,
    lambda_functions,
    sagemaker,
    secrets_manager,
    step_functions,
    sts,
)
from simulators.aws.services import STATE, AwsService, Operation, answered
from simulators.aws.signature import AccessKey, Unsigned, service_of, verified
from simulators.aws.state import AwsState
from simulators.faults import FAULTS, FaultQueue, Handler, fault_routes
from simulators.quirks import QUIRKS, quirk_routes
from simulators.serving import Refusal, api_middleware

SERVICES: tuple[AwsService, ...] = (
    sts.SERVICE,
    lambda_functions.SERVICE,
    step_functions.SERVICE,
    secrets_manager.SERVICE,
    glue.SERVICE,
    batch.SERVICE,
    sagemaker.SERVICE,
)
_BY_TARGET = {each.target: each for each in SERVICES if each.target}
_UNSIGNED_ACTION = b"Action=AssumeRoleWithWebIdentity"
_STS_CODES = {
    "UnrecognizedClient": "InvalidClientTokenId",
    "InvalidSignature": "SignatureDoesNotMatch",
}
_MAX_BODY = 8 * 1024 * 1024


def build_app(state: AwsState) -> web.Application:
    """Return the application with all services and the control API."""
    middleware = api_middleware(
        check=_check, endpoint=_endpoint, answer_refusal=_refused, error_body=_error_body
    )
    app = web.Application(client_max_size=_MAX_BODY, middlewares=[_read_body, middleware])
    app[STATE], app[FAULTS], app[QUIRKS] = state, FaultQueue(), state.quirks
    app.add_routes([*fault_routes(), *quirk_routes()])
    app.add_routes([web.put("/simulator/keys/{id}", _put_key), web.post("/", _dispatch)])
    app.add_routes([web.post("/simulator/expire-keys", _expire_keys)])
    for service in SERVICES:
        app.add_routes([*service.routes, *service.control])
    return app


@web.middleware
async def _read_body(request: web.Request, handler: Handler) -> web.StreamResponse:
    """Read the body, which the signature covers, before the request is checked."""
    request["body"] = await request.read()
    return await handler(request)


def _is_sts(request: web.Request) -> bool:
    return request.content_type == "application/x-www-form-urlencoded"


def _target(request: web.Request) -> tuple[str, str]:
    prefix, _, operation = request.headers.get("X-Amz-Target", "").rpartition(".")
    return prefix, operation


def _endpoint(request: web.Request) -> str:
    """Return the operation of a request."""
    if _is_sts(request):
        return sts.form_of(request["body"]).get("Action", "")
    return _target(request)[1] or request.match_info.route.name or request.path


def _check(request: web.Request) -> None:
    body: bytes = request["body"]
    request["region"] = ""
    if _is_sts(request) and _UNSIGNED_ACTION in body:
        return
    try:
        signed = verified(request, body, request.app[STATE].find_key, datetime.now(UTC))
    except Unsigned as problem:
        raise _unsigned(request, problem) from None
    expected = _signing_name(request)
    if expected != signed.service:
        message = f"Credential should be scoped to correct service: '{expected}'."
        raise _unsigned(request, Unsigned("InvalidSignature", message))
    request["region"] = signed.region


def _signing_name(request: web.Request) -> str:
    if _is_sts(request):
        return "sts"
    prefix, _ = _target(request)
    if prefix in _BY_TARGET:
        return _BY_TARGET[prefix].signing_name
    name = request.match_info.route.name
    return next(
        (each.signing_name for each in SERVICES if name in {route_name(r) for r in each.routes}),
        service_of(request),
    )


def route_name(route: web.RouteDef) -> str:
    """Return the operation of a route."""
    return str(route.kwargs.get("name", ""))


def _unsigned(request: web.Request, problem: Unsigned) -> Refusal:
    if _is_sts(request):
        return Refusal(403, _STS_CODES.get(problem.code, problem.code), problem.message)
    status = 400 if _target(request)[1] else 403
    code = f"{problem.code}Exception"
    return Refusal(status, code, problem.message)


def _refused(request: web.Request, refusal: Refusal) -> web.Response:
    if _is_sts(request):
        return sts.error_xml(refusal.status, refusal.code, refusal.message)
    body: dict[str, Any] = {"message": refusal.message}
    headers = {"x-amzn-RequestId": "00000000-0000-0000-0000-000000000000"}
    if _target(request)[1]:
        # The JSON protocols have the code in the body, the REST protocols in a header.
        body["__type"] = f"com.amazonaws.simulated#{refusal.code}"
    else:
        headers["x-amzn-ErrorType"] = f"{refusal.code}:http://internal.amazon.com/coral/"
    return web.json_response(body, status=refusal.status, headers=headers)


def _error_body(status: int, message: str) -> dict[str, Any]:
    return {"message": message}


async def _dispatch(request: web.Request) -> web.StreamResponse:
    if _is_sts(request):
        return sts.answer(request, request["body"])
    prefix, operation = _target(request)
    service = _BY_TARGET.get(prefix)
    handle: Operation | None = service.operations.get(operation) if service else None
    if service is None or handle is None:
        raise Refusal(400, "UnknownOperationException", "The operation is unknown.")
    if request.content_type != f"application/x-amz-json-{service.version}":
        raise Refusal(400, "SerializationException", "The content type is wrong.")
    answer = await answered(handle, request)
    answer.content_type = request.content_type
    return answer


async def _put_key(request: web.Request) -> web.Response:
    body = json.loads(await request.read())
    request.app[STATE].keys[request.match_info["id"]] = AccessKey(body["secret"])
    return web.json_response({})


async def _expire_keys(request: web.Request) -> web.Response:
    """Let all temporary access keys expire."""
    keys = request.app[STATE].keys
    for key_id, key in keys.items():
        if key.expires is not None:
            keys[key_id] = replace(key, expires=datetime.now(UTC))
    return web.json_response({})
