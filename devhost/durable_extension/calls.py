"""Serves the HTTP calls by which the Durable extension executes functions of the app.

`GET /ready` answers 200 as soon as the app may be called. `POST /invoke` takes
`{"function", "value", "metadata"}`. Its answer is `{"value"}`, or `{"type", "message", "trace"}`
if the function fails.
"""

from __future__ import annotations

import json
import logging
import socket
from collections.abc import Mapping
from typing import Any

from aiohttp import web
from pydantic import BaseModel, ConfigDict, ValidationError

from devhost.app.functions import Function
from devhost.app.messages import TypedData
from devhost.app.worker import Failure, FunctionApp

log = logging.getLogger(__name__)

#: The largest body of a call. An orchestration's history is part of its call.
MOST_BYTES = 256 * 1024 * 1024


class Call(BaseModel):
    """A request to execute one function once."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    function: str
    value: str | None = None
    metadata: dict[str, str | int | float | None] | None = None


class CallServer:
    """Serves the calls of the extension program on a free loopback port."""

    def __init__(self, app: FunctionApp) -> None:
        self._app = app
        self._functions = {function.name: function for function in app.functions}
        self._is_ready = False
        self._runner: web.AppRunner | None = None

    async def start(self) -> str:
        """Listen, and return the address."""
        server = web.Application(client_max_size=MOST_BYTES)
        server.router.add_get("/ready", self._ready)
        server.router.add_post("/invoke", self._invoke)
        self._runner = web.AppRunner(server, access_log=None)
        await self._runner.setup()
        listening = socket.socket()
        listening.bind(("127.0.0.1", 0))
        await web.SockSite(self._runner, listening).start()
        return f"http://127.0.0.1:{listening.getsockname()[1]}"

    def accept_calls(self) -> None:
        """Answer 200 to `/ready` from now on."""
        self._is_ready = True

    async def close(self) -> None:
        """Stop listening."""
        if self._runner is not None:
            await self._runner.cleanup()

    async def _ready(self, _request: web.Request) -> web.Response:
        return web.Response(status=200 if self._is_ready else 503)

    async def _invoke(self, request: web.Request) -> web.Response:
        try:
            call = Call.model_validate_json(await request.read())
        except ValidationError as error:
            return _failed(Failure(type="ValueError", message=str(error), trace=""))
        function = self._functions.get(call.function)
        if function is None:
            message = f"The app has no function named {call.function!r}."
            return _failed(Failure(type="LookupError", message=message, trace=""))
        outcome = await self._app.invoke(
            function,
            TypedData(string="null" if call.value is None else call.value),
            metadata=metadata_of(call.metadata or {}),
        )
        if outcome.failure is None:
            return web.json_response({"value": text_of(outcome.value)})
        _report(function, outcome.failure)
        return _failed(outcome.failure)


def metadata_of(values: Mapping[str, Any]) -> dict[str, TypedData]:
    """Return the trigger's metadata as the Functions host sends it to its worker."""
    return {
        name: TypedData(string=value)
        if isinstance(value, str)
        else TypedData(json=json.dumps(value))
        for name, value in values.items()
        if value is not None
    }


def text_of(value: TypedData | None) -> str | None:
    """Return the returned text, or None if the function returns nothing."""
    return None if value is None or value.kind is None else value.text


def _failed(failure: Failure) -> web.Response:
    return web.json_response(
        {"type": failure.type, "message": failure.message, "trace": failure.trace}
    )


def _report(function: Function, failure: Failure) -> None:
    if function.kind == "queueTrigger":
        log.error(
            "A queue function failed.\n%s",
            failure.trace.rstrip(),
            extra={"action": "queue_function_failed", "function": function.name},
        )
    else:
        log.warning(
            "A durable function failed.",
            extra={
                "action": "durable_function_failed",
                "function": function.name,
                "error": f"{failure.type}: {failure.message}",
            },
        )
