"""Serves the HTTP functions of the app: finds the route and calls the function.

An app that streams has its own HTTP server in the worker. The host proxies each request to this
server with the id of its invocation. For other apps the host converts the request itself.
"""

from __future__ import annotations

import asyncio
import json
import logging
import uuid
from collections.abc import Mapping
from http import HTTPStatus

import aiohttp
from aiohttp import hdrs, web
from azure_functions_runtime.http_v2 import http_coordinator
from multidict import CIMultiDict
from yarl import URL

from devhost.app.functions import Function
from devhost.app.messages import RpcHttp, TypedData
from devhost.app.worker import FunctionApp, Outcome
from devhost.web import mcp_endpoint
from devhost.web.mcp_endpoint import McpFront
from devhost.web.routes import Match, MethodNotAllowed, RouteTable

log = logging.getLogger(__name__)

#: Answers up to this size are sent in one piece; larger answers and unknown sizes are streamed.
SMALL_BODY = 64 * 1024
#: Shorter than the five seconds after which the worker's server closes an idle connection.
KEEP_ALIVE = 4.0
#: Seconds for open requests after the stop signal, and again for their cancellation.
DRAIN = 0.7
#: The worker library keeps its record of a request forever. After these seconds the host drops it.
DROP_AFTER = 2.0

_HOP_BY_HOP = frozenset(
    {
        "connection",
        "keep-alive",
        "proxy-authenticate",
        "proxy-authorization",
        "te",
        "trailer",
        "transfer-encoding",
        "upgrade",
        "expect",
        "x-ms-invocation-id",
    }
)


class HttpFront:
    """Listens on a loopback port and sends requests to the app."""

    def __init__(self, app: FunctionApp, prefix: str, mcp: McpFront) -> None:
        http = [function for function in app.functions if function.kind == "httpTrigger"]
        self._app = app
        self._mcp = mcp
        self._routes = RouteTable(http, prefix)
        self._runner: web.ServerRunner | None = None
        self._upstream: aiohttp.ClientSession | None = None
        self._invocations: set[asyncio.Task[Outcome]] = set()

    async def start(self, port: int) -> None:
        """Accept requests.

        Raises:
            OSError: the port is in use.
        """
        self._upstream = aiohttp.ClientSession(
            connector=aiohttp.TCPConnector(limit=0, keepalive_timeout=KEEP_ALIVE),
            cookie_jar=aiohttp.DummyCookieJar(),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=5),
            auto_decompress=False,
            skip_auto_headers=("User-Agent", "Accept", "Accept-Encoding", "Content-Type"),
        )
        server = web.Server(self._answer, handler_cancellation=True, access_log=None)
        self._runner = web.ServerRunner(server, shutdown_timeout=DRAIN)
        await self._runner.setup()
        await web.TCPSite(self._runner, "127.0.0.1", port).start()

    async def stop(self) -> None:
        """Stop accepting, wait a moment for open requests, then cancel them."""
        await self._mcp.stop()
        if self._runner is not None:
            await self._runner.cleanup()
        if self._upstream is not None:
            await self._upstream.close()

    async def _answer(self, request: web.BaseRequest) -> web.StreamResponse:
        if request.rel_url.path == mcp_endpoint.PATH and self._mcp.has_any:
            return await self._mcp.answer(request)
        match self._routes.find(request.method, request.rel_url.raw_path):
            case None:
                return _problem(HTTPStatus.NOT_FOUND, "No function has this route.")
            case MethodNotAllowed(allowed):
                answer = _problem(
                    HTTPStatus.METHOD_NOT_ALLOWED, "The route does not support this method."
                )
                answer.headers[hdrs.ALLOW] = ", ".join(sorted(allowed))
                return answer
            case Match(function=function, params=params):
                http = RpcHttp(method=request.method, url=str(request.url), params=params)
                if request.headers.get(hdrs.EXPECT, "").lower() == "100-continue":
                    await _send_continue(request)
                if self._app.web_address is None:
                    return await self._convert(request, function, http)
                return await self._call_streaming(request, function, http)

    # Apps that stream

    async def _call_streaming(
        self, request: web.BaseRequest, function: Function, http: RpcHttp
    ) -> web.StreamResponse:
        invocation_id = str(uuid.uuid4())
        invocation = self._invoke(function, http, invocation_id)
        try:
            return await self._proxy(request, invocation_id)
        except aiohttp.ClientError as failure:
            log.warning(
                "The worker did not answer a request.",
                extra={"action": "worker_unreachable", "error": type(failure).__name__},
            )
            return _problem(HTTPStatus.BAD_GATEWAY, "The worker did not answer.")
        finally:
            _drop_later(invocation_id, invocation)

    def _invoke(
        self, function: Function, http: RpcHttp, invocation_id: str
    ) -> asyncio.Task[Outcome]:
        async def run() -> Outcome:
            outcome = await self._app.invoke(
                function, TypedData(http=http), invocation_id=invocation_id
            )
            _report(function, outcome)
            return outcome

        task = asyncio.create_task(run())
        self._invocations.add(task)
        task.add_done_callback(self._invocations.discard)
        return task

    async def _proxy(self, request: web.BaseRequest, invocation_id: str) -> web.StreamResponse:
        if self._upstream is None or self._app.web_address is None:
            raise RuntimeError("The HTTP server is not started.")
        headers = _end_to_end(request.headers)
        headers["x-ms-invocation-id"] = invocation_id
        async with self._upstream.request(
            request.method,
            URL(self._app.web_address + request.rel_url.raw_path_qs, encoded=True),
            headers=headers,
            data=await _body(request),
            allow_redirects=False,
        ) as answer:
            headers = _end_to_end(answer.headers)
            if (answer.content_length or SMALL_BODY + 1) <= SMALL_BODY:
                body = await answer.read()
                return web.Response(status=answer.status, headers=headers, body=body)
            return await _stream(request, answer, headers)

    # Other apps

    async def _convert(
        self, request: web.BaseRequest, function: Function, http: RpcHttp
    ) -> web.StreamResponse:
        http.headers = dict(request.headers)
        http.query = dict(request.query)
        http.body = TypedData(bytes=await request.content.read())
        outcome = await self._app.invoke(function, TypedData(http=http))
        _report(function, outcome)
        if outcome.failure is not None:
            return _problem(HTTPStatus.INTERNAL_SERVER_ERROR, "The function failed.")
        return _converted(outcome.value)


def _end_to_end(headers: Mapping[str, str]) -> CIMultiDict[str]:
    """Return the headers without the hop-by-hop headers."""
    return CIMultiDict(
        (name, value) for name, value in headers.items() if name.lower() not in _HOP_BY_HOP
    )


async def _body(request: web.BaseRequest) -> bytes | aiohttp.StreamReader | None:
    if not request.can_read_body:
        return None
    if request.content.is_eof():
        return await request.content.read()
    # The app identifies the caller before it reads the body, and bounds the time of the body.
    return request.content


async def _stream(
    request: web.BaseRequest, answer: aiohttp.ClientResponse, headers: CIMultiDict[str]
) -> web.StreamResponse:
    response = web.StreamResponse(status=answer.status, headers=headers)
    await response.prepare(request)
    try:
        async for chunk in answer.content.iter_any():
            await response.write(chunk)
    except aiohttp.ClientError:
        # The function failed in the middle of its answer, and the worker has logged it. The caller
        # must not take a part for the whole answer.
        if request.transport is not None:
            request.transport.abort()
    else:
        await response.write_eof()
    return response


async def _send_continue(request: web.BaseRequest) -> None:
    if request.transport is not None:
        request.transport.write(b"HTTP/1.1 100 Continue\r\n\r\n")


def _drop_later(invocation_id: str, invocation: asyncio.Task[Outcome]) -> None:
    """Drop the record that the worker library keeps of a request."""
    references = http_coordinator._context_references
    reference = references.get(invocation_id)
    if reference is None or not reference.http_request_available_event.is_set():
        # The request never reached the worker's server; the function would wait for it forever.
        invocation.cancel()

    def drop(_: object) -> None:
        loop.call_later(DROP_AFTER, references.pop, invocation_id, None)

    loop = asyncio.get_running_loop()
    invocation.add_done_callback(drop)


def _report(function: Function, outcome: Outcome) -> None:
    if outcome.failure is not None:
        log.error(
            "A function failed during a request.\n%s",
            outcome.failure.trace.rstrip(),
            extra={"action": "http_function_failed", "function": function.name},
        )


def _problem(status: HTTPStatus, detail: str) -> web.Response:
    body = {"title": status.phrase, "status": status.value, "detail": detail}
    # A text would add a charset, which the media type does not have.
    headers = {hdrs.CONTENT_TYPE: "application/problem+json"}
    return web.Response(status=status, body=json.dumps(body).encode(), headers=headers)


def _converted(value: TypedData | None) -> web.Response:
    """Return the HTTP response for the value that a function returned."""
    if value is None:
        return web.Response(status=HTTPStatus.NO_CONTENT)
    match value.kind:
        case "http":
            return _converted_http(value.value)
        case "bytes":
            return web.Response(body=value.value)
        case _:
            return web.Response(text=value.text)


def _converted_http(http: RpcHttp) -> web.Response:
    response = web.Response(
        status=int(http.status_code),
        headers=CIMultiDict(http.headers),
        body=http.body.value if http.body else None,
    )
    for cookie in http.cookies or ():
        path = cookie.path.value if cookie.path else "/"
        response.set_cookie(cookie.name, cookie.value, path=path)
    return response
