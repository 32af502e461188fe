"""The web server of the embedded host, over real connections."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from typing import Any

import httpx
import pytest
from starlette.types import ASGIApp, Receive, Scope, Send

from polysync_core.api.app import ApiRoutes, create_app
from polysync_core.api.security.bodies import BodyLimits
from polysync_core.api.security.callers import require_loopback
from polysync_core.domain.definitions.tasks import Task
from polysync_embedded.mcp.catalogue import McpServerInfo
from polysync_embedded.mcp.endpoint import PATH, McpEndpoint
from polysync_embedded.mcp.own_functions import own_functions
from polysync_embedded.options import StartRefused
from polysync_embedded.web_app import WebApp
from polysync_embedded.web_server import WebServer, listen
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform

pytestmark = pytest.mark.slow

ODD = ["a%0Ab", "a%0A", "%0A", "a%0Db", "a%00b", "a%2Fb", "a;b", "a%5Cb", "...", "a%FFb", "%C3%28"]
MCP_HEADERS = {"accept": "application/json, text/event-stream", "content-type": "application/json"}
LIST_TOOLS = {"jsonrpc": "2.0", "id": 1, "method": "tools/list", "params": {}}


class Served:
    """The web part of a host on a free port."""

    def __init__(self, api: ASGIApp, engine: Any = None) -> None:
        listening = listen(0)
        self.port: int = listening.getsockname()[1]
        self.mcp = McpEndpoint(lambda: own_functions(api, {}), McpServerInfo(), require_loopback)
        self.app = WebApp(api=api, console=lambda: api, mcp=self.mcp, engine=engine)
        self.server = WebServer(self.app, listening, stop_seconds=5)
        self.http = httpx.AsyncClient(base_url=f"http://127.0.0.1:{self.port}", timeout=10)

    async def stop(self) -> None:
        """Stop as the host does."""
        self.app.end_streams()
        await self.mcp.stop()
        await self.server.stop()

    async def exchange(self, *parts: bytes, until: bytes | None = None) -> bytes:
        """Send raw bytes, and return the answer until the server closes the connection."""
        reader, writer = await asyncio.open_connection("127.0.0.1", self.port)
        try:
            for part in parts:
                writer.write(part)
                await writer.drain()
            return await (reader.readuntil(until) if until else reader.read())
        finally:
            writer.close()


@asynccontextmanager
async def serving(api: ASGIApp, engine: Any = None) -> AsyncIterator[Served]:
    served = Served(api, engine)
    await served.server.start()
    try:
        yield served
    finally:
        await served.http.aclose()
        await served.stop()


def check(api: ASGIApp, test: Callable[[Served], Awaitable[None]], engine: Any = None) -> None:
    """Run a test against an API."""

    async def run() -> None:
        async with asyncio.timeout(20), serving(api, engine) as served:
            await test(served)

    asyncio.run(run())


@pytest.fixture(scope="module")
def app() -> FakeApp:
    """The product's API with a Task whose runs wait."""
    return FakeApp(a_platform(), a_job(), Task(name="daily", job="sales-load"))


def test_a_request_reaches_the_engine(app: FakeApp) -> None:
    async def test(served: Served) -> None:
        answer = await served.http.post("/api/tasks/daily/run", json={})
        assert answer.status_code == 202
        assert (answer.json()["runId"], 1) in app.engine.live

    check(app.api, test, app.engine)


def test_unusual_paths_are_answered_with_a_problem_document(app: FakeApp) -> None:
    async def test(served: Served) -> None:
        for path in [*(f"/api/{each}" for each in ODD), "/api", "/apis/x", "/favicon.ico"]:
            for method in ("GET", "HEAD", "OPTIONS", "PUT", "DELETE"):
                answer = await served.http.request(method, path)
                assert answer.status_code == 404, path
                assert answer.headers["content-type"] == "application/problem+json"
                assert method == "HEAD" or answer.json()["status"] == 404

    check(app.api, test)


def test_the_root_leads_to_the_console_and_its_pages_reach_the_console(app: FakeApp) -> None:
    async def test(served: Served) -> None:
        root = await served.http.get("/")
        assert root.headers["location"] == "/console/"
        for path in ("/console", "/console/", "/console/nowhere"):
            answer = await served.http.get(path)
            # The API takes the place of the console, and has none of its routes.
            assert answer.json()["detail"] == "There is no such path."

    check(app.api, test)


def test_head_and_options_are_answered_without_a_body(app: FakeApp) -> None:
    async def test(served: Served) -> None:
        full = await served.http.get("/api/tasks")
        head = await served.http.head("/api/tasks")
        options = await served.http.options("/api/tasks/daily/run")

        assert (head.status_code, head.content) == (200, b"")
        assert head.headers["content-type"] == full.headers["content-type"]
        assert (options.status_code, options.headers["allow"]) == (204, "OPTIONS, POST")

    check(app.api, test)


def test_requests_from_elsewhere_are_refused(app: FakeApp) -> None:
    foreign = {
        "DNS rebinding": {"host": "evil.example"},
        "a page from the internet": {"origin": "https://evil.example"},
        "a proxy": {"x-forwarded-for": "203.0.113.9"},
    }

    async def test(served: Served) -> None:
        answers = {
            name: (await served.http.get("/api/tasks", headers=headers)).status_code
            for name, headers in foreign.items()
        }
        assert answers == dict.fromkeys(foreign, 403)

    check(app.api, test)


def test_the_mcp_endpoint_answers_this_machine_only(app: FakeApp) -> None:
    expected: dict[str, tuple[str, dict[str, str], int]] = {
        "as MCP clients do": ("POST", {}, 200),
        "a separate stream": ("GET", {}, 405),
        "DNS rebinding": ("POST", {"host": "evil.example"}, 403),
        "a foreign page": ("POST", {"origin": "https://evil.example"}, 403),
        "the type of a form": ("POST", {"content-type": "text/plain"}, 400),
    }

    async def test(served: Served) -> None:
        answers: dict[str, httpx.Response] = {
            name: await served.http.request(
                method, PATH, headers=MCP_HEADERS | headers, content=json.dumps(LIST_TOOLS)
            )
            for name, (method, headers, _) in expected.items()
        }
        statuses = {name: answer.status_code for name, answer in answers.items()}
        assert statuses == {name: status for name, (_, _, status) in expected.items()}
        assert "run_task_once" in answers["as MCP clients do"].text

    check(app.api, test)


def test_a_large_body_is_refused_unread_and_the_connection_stays_usable(app: FakeApp) -> None:
    async def test(served: Served) -> None:
        head = b"PUT /api/definitions HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2000000\r\n"
        answer = await served.exchange(head + b"Expect: 100-continue\r\n\r\n", until=b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 413 ")
        for _ in range(2):
            large = await served.http.put("/api/definitions", content=b"x" * 2_000_000)
            assert large.status_code == 413

    check(app.api, test)


def test_a_caller_that_expects_100_continue_receives_it(app: FakeApp) -> None:
    async def test(served: Served) -> None:
        head = b"POST /api/tasks/daily/run HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 2\r\n"
        answer = await served.exchange(head + b"Expect: 100-continue\r\n\r\n", until=b"\r\n\r\n")
        assert answer.startswith(b"HTTP/1.1 100 ")

    check(app.api, test, app.engine)


def test_a_slow_body_is_answered_with_408_and_the_connection_is_closed() -> None:
    api = create_app(ApiRoutes([]), body_limits=BodyLimits(idle_seconds=0.1, total_seconds=0.2))

    async def test(served: Served) -> None:
        head = b"GET /api/health HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Length: 9\r\n\r\n"
        answer = await served.exchange(head, b"1")
        assert answer.startswith(b"HTTP/1.1 408 ")

    check(api, test)


def test_a_request_that_is_no_http_is_answered_with_400(app: FakeApp) -> None:
    async def test(served: Served) -> None:
        assert (await served.exchange(b"HELLO\r\n\r\n")).startswith(b"HTTP/1.1 400 ")

    check(app.api, test)


def test_the_events_of_a_run_end_when_the_client_disconnects(app: FakeApp) -> None:
    async def test(served: Served) -> None:
        async with served.http.stream("GET", await _events(served)) as answer:
            assert answer.headers["content-type"].startswith("text/event-stream")
            assert await anext(answer.aiter_lines()) == "retry: 1000"
            assert len(served.app._streams) == 1
        await _until(lambda: not served.app._streams)

    check(app.api, test, app.engine)


def test_the_stop_of_the_host_ends_event_streams_regularly(app: FakeApp) -> None:
    async def test(served: Served) -> None:
        async with served.http.stream("GET", await _events(served)) as answer:
            lines = answer.aiter_lines()
            assert await anext(lines) == "retry: 1000"
            await served.stop()
            # The client sees the end of the answer and no error.
            assert "event: end" not in [line async for line in lines]

    check(app.api, test, app.engine)


def test_the_stop_of_the_host_waits_for_open_requests() -> None:
    began, release = asyncio.Event(), asyncio.Event()

    async def api(_scope: Scope, _receive: Receive, send: Send) -> None:
        began.set()
        await release.wait()
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"whole"})

    async def test(served: Served) -> None:
        request = asyncio.create_task(served.http.get("/api/slow"))
        await began.wait()
        stopping = asyncio.create_task(served.stop())
        await asyncio.sleep(0.05)
        release.set()
        assert (await request).text == "whole"
        await stopping

    check(api, test)


def test_an_answer_that_fails_in_the_middle_does_not_look_complete() -> None:
    async def api(_scope: Scope, _receive: Receive, send: Send) -> None:
        await send({"type": "http.response.start", "status": 200, "headers": []})
        await send({"type": "http.response.body", "body": b"part", "more_body": True})
        raise ValueError("on purpose")

    async def test(served: Served) -> None:
        with pytest.raises(httpx.RemoteProtocolError):
            await served.http.get("/api/torn")

    check(api, test)


def test_a_port_in_use_is_refused_with_the_remedy() -> None:
    with listen(0) as taken:
        port = taken.getsockname()[1]
        with pytest.raises(StartRefused, match=f"Port {port} is in use: choose another"):
            listen(port)


@pytest.mark.parametrize("port", [-1, 65536])
def test_a_number_that_is_no_port_is_refused(port: int) -> None:
    with pytest.raises(StartRefused, match="is not a port: choose another with --port"):
        listen(port)


async def _events(served: Served) -> str:
    run = (await served.http.post("/api/tasks/daily/run", json={})).json()["runId"]
    return f"/api/task-runs/{run}/events"


async def _until(met: Callable[[], bool]) -> None:
    while not met():  # noqa: ASYNC110 - the state of another task
        await asyncio.sleep(0.01)


def test_an_answer_does_not_wait_for_the_acknowledgement_of_its_first_part() -> None:
    with listen(0) as listening, socket.create_connection(listening.getsockname()):
        accepted, _ = listening.accept()
        with accepted:
            assert accepted.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY) != 0
