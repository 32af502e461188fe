"""Runs a simulator's web server, with middleware for authentication and injected faults."""

from __future__ import annotations

import asyncio
import json
import signal
import sys
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from pathlib import Path
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Middleware

from simulators.faults import FAULTS, ErrorBody, Handler, inject_fault

HOST = "127.0.0.1"
CONTROL = "/simulator/"
"""The path of the control API, which needs no token and meets no faults."""

_SHUTDOWN_SECONDS = 0.5


class Refusal(Exception):
    """The API refuses a request; the middleware answers with the error."""

    def __init__(self, status: int, code: str, message: str = "") -> None:
        super().__init__(message or code)
        self.status, self.code, self.message = status, code, message or code


type RefusalAnswer = Callable[[web.Request, Refusal], web.Response]


def azure_error(status: int, message: str, code: str = "SimulatedFault") -> dict[str, Any]:
    """Return the body of an error in the form of Azure Resource Manager."""
    return {"error": {"code": code, "message": message}}


def azure_refusal(_: web.Request, refusal: Refusal) -> web.Response:
    """Return the answer of an Azure service to a refused request."""
    body = azure_error(refusal.status, refusal.message, refusal.code)
    return web.json_response(body, status=refusal.status)


def api_middleware(
    *,
    check: Callable[[web.Request], None],
    endpoint: Callable[[web.Request], str],
    answer_refusal: RefusalAnswer = azure_refusal,
    error_body: ErrorBody = azure_error,
    is_api: Callable[[str], bool] = lambda path: not path.startswith(CONTROL),
) -> Middleware:
    """Return the middleware that authenticates requests and injects scripted faults.

    `check` raises `Refusal`. `endpoint` returns the name by which scripts select a request.
    Paths for which `is_api` returns false skip both.
    """

    @web.middleware
    async def answer(request: web.Request, handler: Handler) -> web.StreamResponse:
        if not is_api(request.path):
            return await handler(request)

        async def checked(request: web.Request) -> web.StreamResponse:
            try:
                check(request)
                return await handler(request)
            except Refusal as refusal:
                return answer_refusal(request, refusal)
            except web.HTTPException as error:
                refusal = Refusal(error.status, "SimulatedFault", error.reason)
                return answer_refusal(request, refusal)

        fault = request.app[FAULTS].take(endpoint(request), request.method)
        if fault is None:
            return await checked(request)
        return await inject_fault(fault, request, checked, error_body)

    return answer


async def serve_until_signal(app: web.Application, port: int) -> None:
    """Serve until SIGINT or SIGTERM; print `ready <address>` when the port is open."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for number in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(number, stop.set)
    runner = web.AppRunner(
        app,
        access_log=None,
        shutdown_timeout=_SHUTDOWN_SECONDS,
        # A scripted handler may never answer; it must end when its client disconnects.
        handler_cancellation=True,
    )
    await runner.setup()
    try:
        await web.TCPSite(runner, HOST, port, backlog=512).start()
        print(f"ready http://{HOST}:{runner.addresses[0][1]}", flush=True)
        await stop.wait()
    finally:
        await runner.cleanup()


class Submissions:
    """The file `submissions.jsonl` with a line for each accepted start."""

    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self._file = (data / "submissions.jsonl").open("a", encoding="utf-8")

    def record(self, **line: Any) -> None:
        """Append one line."""
        self._file.write(json.dumps(line) + "\n")
        self._file.flush()

    async def close(self, _: web.Application) -> None:
        """Close the file, when the application ends."""
        self._file.close()


async def json_object(request: web.Request) -> dict[str, Any]:
    """Return the JSON object of a request; raise `Refusal` for any other body."""
    try:
        body = json.loads(await request.read() or b"{}")
    except ValueError:
        body = None
    if not isinstance(body, dict):
        raise Refusal(400, "BadRequest", "The body is not a JSON object.")
    return body


def serve_app(name: str, default_port: int, build: Callable[[Namespace], web.Application]) -> None:
    """Run a simulator in the foreground until SIGINT or SIGTERM."""
    parser = ArgumentParser(prog=f"python -m simulators.{name}")
    parser.add_argument("--port", type=int, default=default_port, help="0 = any free port")
    parser.add_argument("--data", type=Path, required=True, help="folder for the file of starts")
    parser.add_argument("--page-size", type=int, default=100, help="entries per page (default 100)")
    options = parser.parse_args()
    try:
        asyncio.run(serve_until_signal(build(options), options.port))
    except OSError as error:
        sys.exit(f"simulators.{name} cannot start: {error}")
