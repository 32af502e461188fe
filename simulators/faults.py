"""Injects faults that a test chooses into the next requests to an endpoint.

Every simulator supports them. It adds `fault_routes`, takes a fault for each request by the name
of the endpoint, and answers with `inject_fault`.

Each script applies once. A fault happens *before* the effect (the service never sees the request)
or *after* the effect (the service does the work and the answer fails). Every kind has a default,
and `effect` in the script overrides it.
"""

from __future__ import annotations

import asyncio
import json
import socket
import struct
from collections.abc import Awaitable, Callable
from enum import StrEnum
from fnmatch import fnmatchcase
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

MEGABYTE = 1024 * 1024
_HTML = "<html><head><title>{title}</title></head><body><h1>{title}</h1></body></html>"
type ErrorBody = Callable[[int, str], object]
"""Returns the JSON body of an error, from its status and message."""
type Handler = Callable[[web.Request], Awaitable[web.StreamResponse]]


class FaultKind(StrEnum):
    """The kinds of faults."""

    LOST_RESPONSE = "lost-response"
    """The connection is reset; no answer is sent."""
    STATUS = "status"
    """An error status, in JSON or HTML, with any headers."""
    TRUNCATED = "truncated"
    """A complete HTTP answer with the first half of its JSON."""
    CUT = "cut"
    """The connection is reset in the middle of the body."""
    MALFORMED = "malformed"
    """A 200 whose body is not JSON."""
    WRONG_TYPE = "wrong-type"
    """JSON with the fields of `replace` in place of its own."""
    SLOW = "slow"
    """The answer comes after `seconds`."""
    DRIP = "drip"
    """The answer comes byte by byte, `seconds` apart."""
    SILENT = "silent"
    """No answer; the connection stays open."""
    REDIRECT = "redirect"
    """A 302 to `location`."""
    HUGE = "huge"
    """The answer, with a body of `megabytes` megabytes."""


_INSTEAD = {FaultKind.STATUS, FaultKind.SILENT, FaultKind.REDIRECT}


class FaultScript(BaseModel):
    """One fault for the next requests to an endpoint.

    `endpoint` is a name that the simulator gives; `*` matches any characters. A method and a
    space before the name restrict the fault to that method.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    endpoint: str = "*"
    fault: FaultKind
    times: int = Field(default=1, ge=1, le=100_000)
    effect: bool | None = None
    status: int = Field(default=500, ge=300, le=599)
    headers: dict[str, str] = Field(default_factory=dict)
    message: str = "The service is faulty on purpose."
    body: Literal["json", "html", "empty"] = "json"
    seconds: float = Field(default=30.0, ge=0, le=600)
    location: str = "http://127.0.0.1:9/elsewhere"
    megabytes: int = Field(default=100, ge=1, le=1024)
    replace: dict[str, Any] = Field(default_factory=lambda: {"run_id": None})

    @property
    def has_effect(self) -> bool:
        """True if the service executes the request before the fault."""
        return self.fault not in _INSTEAD if self.effect is None else self.effect

    def matches(self, endpoint: str, method: str = "") -> bool:
        """Return whether the script selects this endpoint."""
        return any(fnmatchcase(name, self.endpoint) for name in (endpoint, f"{method} {endpoint}"))


class FaultQueue:
    """The scripts that wait for a request, in the order of arrival."""

    def __init__(self) -> None:
        self._waiting: list[FaultScript] = []

    @property
    def waiting(self) -> tuple[FaultScript, ...]:
        """The scripts that still apply."""
        return tuple(self._waiting)

    def add(self, faults: list[FaultScript]) -> None:
        """Append scripts to the queue."""
        self._waiting.extend(faults)

    def clear(self) -> None:
        """Remove all scripts."""
        self._waiting.clear()

    def take(self, endpoint: str, method: str = "") -> FaultScript | None:
        """Return the first script for an endpoint, and count it as used."""
        for index, fault in enumerate(self._waiting):
            if fault.matches(endpoint, method):
                if fault.times == 1:
                    del self._waiting[index]
                else:
                    left = fault.model_copy(update={"times": fault.times - 1})
                    self._waiting[index] = left
                return fault
        return None


class FaultScripts(BaseModel):
    """The body of `POST /simulator/faults`."""

    model_config = ConfigDict(extra="forbid")

    faults: list[FaultScript]


FAULTS = web.AppKey("faults", FaultQueue)


def fault_routes() -> list[web.RouteDef]:
    """Return the control routes for faults; they need `app[FAULTS]`."""
    return [
        web.post("/simulator/faults", _add_faults),
        web.get("/simulator/faults", _list_faults),
        web.delete("/simulator/faults", _clear_faults),
    ]


async def _add_faults(request: web.Request) -> web.Response:
    try:
        scripts = FaultScripts.model_validate_json(await request.read())
    except ValidationError as error:
        return web.json_response(error.errors(include_context=False), status=422)
    request.app[FAULTS].add(scripts.faults)
    return await _list_faults(request)


async def _list_faults(request: web.Request) -> web.Response:
    waiting = [fault.model_dump(mode="json") for fault in request.app[FAULTS].waiting]
    return web.json_response({"faults": waiting})


async def _clear_faults(request: web.Request) -> web.Response:
    request.app[FAULTS].clear()
    return await _list_faults(request)


async def inject_fault(
    fault: FaultScript, request: web.Request, handle: Handler, error_body: ErrorBody
) -> web.StreamResponse:
    """Answer a request with the fault of a script."""
    answer = await handle(request) if fault.has_effect else web.Response()
    body = answer.body if isinstance(answer, web.Response) else b""
    content = body if isinstance(body, bytes) else b""
    match fault.fault:
        case FaultKind.LOST_RESPONSE:
            return _reset(request)
        case FaultKind.CUT if not content:
            # An answer without a body cannot be cut: its client would count it as whole.
            return _reset(request)
        case FaultKind.CUT:
            return await _cut(request, content)
        case FaultKind.SLOW:
            await asyncio.sleep(fault.seconds)
            return answer
        case FaultKind.DRIP:
            return await _drip(request, content, fault.seconds)
        case FaultKind.SILENT:
            return await _never_answer()
        case FaultKind.HUGE:
            return await _huge(request, answer, fault.megabytes)
        case _:
            return _wrong_answer(fault, content, answer.status, error_body)


def _wrong_answer(
    fault: FaultScript, content: bytes, status: int, error_body: ErrorBody
) -> web.Response:
    match fault.fault:
        case FaultKind.TRUNCATED:
            return _json(content[: len(content) // 2], status)
        case FaultKind.MALFORMED:
            return _json(b"<<< not json >>>", status)
        case FaultKind.WRONG_TYPE:
            return _json(_replaced(content, fault.replace), status)
        case FaultKind.REDIRECT:
            return web.Response(status=302, headers={"Location": fault.location})
        case _:
            return _error(fault, error_body)


def _json(body: bytes, status: int) -> web.Response:
    return web.Response(body=body, status=status, content_type="application/json")


def _error(fault: FaultScript, error_body: ErrorBody) -> web.Response:
    match fault.body:
        case "json":
            text = json.dumps(error_body(fault.status, fault.message))
            content_type = "application/json"
        case "html":
            text, content_type = _HTML.format(title=fault.message), "text/html"
        case "empty":
            text, content_type = "", "text/plain"
    return web.Response(
        status=fault.status, text=text, content_type=content_type, headers=fault.headers
    )


def _replaced(content: bytes, fields: dict[str, Any]) -> bytes:
    return json.dumps({**json.loads(content or b"{}"), **fields}).encode()


def _reset(request: web.Request) -> web.Response:
    """Reset the connection: a linger time of zero makes the close send RST, not FIN."""
    transport = request.transport
    if transport is not None:
        raw = transport.get_extra_info("socket")
        raw.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
        transport.abort()
    return web.Response()


async def _stream(request: web.Request, length: int) -> web.StreamResponse:
    response = web.StreamResponse(headers={"Content-Type": "application/json"})
    response.content_length = length
    await response.prepare(request)
    return response


async def _cut(request: web.Request, content: bytes) -> web.StreamResponse:
    response = await _stream(request, len(content))
    await response.write(content[: len(content) // 2])
    # The first half must reach the client before the reset discards unsent data.
    await asyncio.sleep(0.05)
    _reset(request)
    return response


async def _drip(request: web.Request, content: bytes, seconds: float) -> web.StreamResponse:
    response = await _stream(request, len(content))
    for index in range(len(content)):
        await response.write(content[index : index + 1])
        await asyncio.sleep(seconds)
    return response


async def _huge(
    request: web.Request, answer: web.StreamResponse, megabytes: int
) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=answer.headers)
    response.content_length = megabytes * MEGABYTE
    await response.prepare(request)
    block = b" " * MEGABYTE
    for _ in range(megabytes):
        await response.write(block)
    return response


async def _never_answer() -> web.Response:
    # The runner cancels the handler when the client disconnects.
    await asyncio.Event().wait()
    return web.Response()
