"""Defines the class of a simulated AWS service, with operations and HTTP routes."""

from __future__ import annotations

import json
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from aiohttp import web

from simulators.aws.state import AwsState
from simulators.serving import Refusal

STATE = web.AppKey("aws", AwsState)


@dataclass(frozen=True, slots=True)
class AwsCall:
    """One call of an operation in a JSON protocol."""

    state: AwsState
    region: str
    body: dict[str, Any]
    request: web.Request

    def text(self, name: str) -> str:
        """Return a required text of the body."""
        found = self.body.get(name)
        if not isinstance(found, str) or not found:
            raise Refusal(400, "ValidationException", f"{name} is required")
        return found


type Operation = Callable[[AwsCall], Awaitable[Any] | Any]
"""Returns the JSON of the answer; raises `Refusal`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class AwsService:
    """A service; its routes are named by their operation, for faults."""

    signing_name: str
    """The service in the scope of signatures."""
    target: str = ""
    """The prefix of `X-Amz-Target`; empty for a REST service."""
    operations: Mapping[str, Operation] = field(default_factory=dict[str, Operation])
    routes: Sequence[web.RouteDef] = ()
    control: Sequence[web.RouteDef] = ()
    """Routes below `/simulator/` by which tests define objects."""
    version: str = "1.1"
    """The version of the JSON protocol."""


def rest(method: str, path: str, operation: str, handle: Operation) -> web.RouteDef:
    """Return the route of an operation of a REST service."""

    async def answer(request: web.Request) -> web.StreamResponse:
        return await answered(handle, request)

    return web.route(method, path, answer, name=operation)


async def answered(handle: Operation, request: web.Request) -> web.StreamResponse:
    """Return the answer of an operation to a request."""
    body = json.loads(await request.read() or b"{}")
    found = handle(AwsCall(request.app[STATE], request["region"], body, request))
    value = await found if isinstance(found, Awaitable) else found
    return value if isinstance(value, web.StreamResponse) else web.json_response(value)
