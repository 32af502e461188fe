"""Passes every HTTP request to the FastAPI app of the API or the console.

The Functions worker delivers a Starlette request and expects a Starlette response. The app runs
inside the invocation until the response begins; a longer body is streamed afterwards.
"""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from typing import Any

import azure.durable_functions as df
import azure.functions as func
from azurefunctions.extensions.http.fastapi import (
    RedirectResponse,
    Request,
    Response,
    StreamingResponse,
)
from starlette.convertors import PathConvertor, register_url_convertor
from starlette.types import ASGIApp, Message

from orchestrations.engine import DurableEngine
from polysync_core.api.app import PREFIX
from polysync_core.api.engine import SCOPE_KEY
from polysync_core.composition import api, console
from polysync_core.console.paths import BASE


class EveryPath(PathConvertor):
    """The route parameter `{name:path}`, also for a path with a line feed.

    The worker's web server has the route `/{path:path}`. A request that does not match this route
    never reaches its invocation, which then waits until the time-out of the function.
    """

    regex = r"[\s\S]*"


# The worker compiles its route after it has loaded the functions.
register_url_convertor("path", EveryPath())

blueprint = df.Blueprint()

type _Messages = asyncio.Queue[Message | Exception]

_EMPTY_PATH = "{ignored:maxlength(0)?}"
"""An optional segment without a character: the host takes an empty route for a missing one."""
_METHODS = ["GET", "HEAD", "OPTIONS", "POST", "PUT", "PATCH", "DELETE"]


@blueprint.function_name("http")
@blueprint.route(route="api/{*path}", methods=_METHODS, auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.generic_input_binding(arg_name="durable", type="durableClient", durableRequiresGrpc=True)
async def http(req: Request, durable: str) -> Response:
    """Answer a request of the API.

    The durable client is bound as text, because a client object would open a connection for every
    request. `DurableEngine` keeps one connection.
    """
    return await _respond(api(), PREFIX, req, DurableEngine(durable))


@blueprint.function_name("console")
@blueprint.route(route="console/{*path}", methods=_METHODS, auth_level=func.AuthLevel.ANONYMOUS)
@blueprint.generic_input_binding(arg_name="durable", type="durableClient", durableRequiresGrpc=True)
async def open_console(req: Request, durable: str) -> Response:
    """Answer a request of the web console."""
    return await _respond(console(), BASE, req, DurableEngine(durable))


@blueprint.function_name("home")
@blueprint.route(route=_EMPTY_PATH, methods=["GET"], auth_level=func.AuthLevel.ANONYMOUS)
async def home(req: Request) -> Response:
    """Send a browser from the empty path to the console."""
    return RedirectResponse(f"{BASE}/")


async def _respond(app: ASGIApp, prefix: str, request: Any, engine: DurableEngine) -> Any:
    """Run the app until its response begins, and return that response."""
    scope = {**request.scope, "root_path": prefix, SCOPE_KEY: engine}
    messages: _Messages = asyncio.Queue()
    running = asyncio.create_task(_run(app, scope, request.receive, messages))
    start = await _next(messages)
    first = await _next(messages)
    if not first.get("more_body"):
        await running
        return _with_headers(Response(first.get("body", b""), start["status"]), start)
    stream = _body(first, messages, running)
    return _with_headers(StreamingResponse(stream, start["status"]), start)


async def _run(app: ASGIApp, scope: dict[str, Any], receive: Any, messages: _Messages) -> None:
    try:
        await app(scope, receive, messages.put)
    except Exception as error:
        await messages.put(error)


async def _next(messages: _Messages) -> Message:
    message = await messages.get()
    if isinstance(message, Exception):
        raise message
    return message


async def _body(
    first: Message,
    messages: _Messages,
    running: asyncio.Task[None],
) -> AsyncIterator[bytes]:
    try:
        message = first
        while True:
            yield message.get("body", b"")
            if not message.get("more_body"):
                return
            message = await _next(messages)
    finally:
        # The client may have disconnected: stop the work of its request.
        running.cancel()


def _with_headers(response: Any, start: Message) -> Any:
    """Set the app's headers on the response, including repeated ones."""
    response.raw_headers = list(start["headers"])
    return response
