"""Simulates HTTP functions with responses that a test defines, for several function simulators."""

from __future__ import annotations

import asyncio
import json
import re
import sys
import time
import uuid
from argparse import ArgumentParser, Namespace
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any, Literal

from aiohttp import web
from pydantic import BaseModel, ConfigDict, Field, ValidationError

from simulators.serving import serve_until_signal

_RUN_SECONDS = 0.05


class AnswerScript(BaseModel):
    """The answer of a function."""

    model_config = ConfigDict(extra="forbid")

    status: int = 200
    json_body: Any = None
    text: str | None = None
    headers: dict[str, str] = Field(default_factory=dict)


class WorkScript(BaseModel):
    """The course of the asynchronous work that a function starts."""

    model_config = ConfigDict(extra="forbid")

    outcome: Literal["Completed", "Failed"] | None = "Completed"
    """None: the work runs until it is stopped."""
    output: Any = None


class FunctionScript(BaseModel):
    """A function; without `answer` and `work` it returns the request that it received."""

    model_config = ConfigDict(extra="forbid")

    trigger: str = "httpTrigger"
    route: str | None = None
    disabled: bool = False
    answer: AnswerScript | None = None
    work: WorkScript | None = None
    """Asynchronous work with a status address."""


@dataclass(slots=True)
class Work:
    """Asynchronous work that runs or has ended."""

    id: str
    function: str
    script: WorkScript
    begun: datetime = field(default_factory=lambda: datetime.now(UTC))
    stopped: datetime | None = None
    _since: float = field(default_factory=time.monotonic)

    @property
    def status(self) -> str:
        """The status in the vocabulary of Durable Functions."""
        if self.stopped is not None:
            return "Terminated"
        if self.script.outcome is None or time.monotonic() < self._since + _RUN_SECONDS:
            return "Running"
        return self.script.outcome

    @property
    def is_over(self) -> bool:
        """True if the work has ended."""
        return self.status != "Running"

    def stop(self) -> None:
        """Terminate the work."""
        self.stopped = datetime.now(UTC)


class ScriptedFunctions:
    """The functions of one simulator and the work that they started."""

    def __init__(self, data: Path) -> None:
        data.mkdir(parents=True, exist_ok=True)
        self.scripts: dict[str, FunctionScript] = {}
        self.works: dict[str, Work] = {}
        self._submissions = (data / "submissions.jsonl").open("a", encoding="utf-8")

    def close(self) -> None:
        """Close the file of calls."""
        self._submissions.close()

    def start(self, function: str, script: WorkScript, work_id: str, token: str) -> Work:
        """Start work and record the call."""
        work = self.works[work_id] = Work(work_id, function, script)
        self.record_call(function, token, work_id)
        return work

    def record_call(self, function: str, token: str, work_id: str | None = None) -> None:
        """Append a call to the file of calls."""
        line = {"function": function, "token": token, "run_id": work_id}
        self._submissions.write(json.dumps(line) + "\n")
        self._submissions.flush()

    async def call(self, name: str, request: web.Request) -> web.Response | Work:
        """Call a function; return its answer, or the work that it started."""
        script, token = self.scripts[name], request.headers.get("Idempotency-Key", "")
        if script.work is not None:
            return self.start(name, script.work, uuid.uuid4().hex, token)
        self.record_call(name, token)
        if script.answer is None:
            return await _echo(request)
        answer = script.answer
        text = answer.text if answer.text is not None else json.dumps(answer.json_body)
        kind = "text/plain" if answer.text is not None else "application/json"
        return web.Response(
            status=answer.status, text=text, content_type=kind, headers=answer.headers
        )


FUNCTIONS = web.AppKey("functions", ScriptedFunctions)


def serve(
    name: str, default_port: int, build: Callable[[ScriptedFunctions, Namespace], web.Application]
) -> None:
    """Run a simulator in the foreground until SIGINT or SIGTERM."""
    parser = ArgumentParser(prog=f"python -m simulators.{name}")
    parser.add_argument("--port", type=int, default=default_port, help="0 = any free port")
    parser.add_argument("--data", type=Path, required=True, help="folder for the file of calls")
    parser.add_argument("--page-size", type=int, default=50, help="entries per page (default 50)")
    options = parser.parse_args()
    functions = ScriptedFunctions(options.data)
    try:
        asyncio.run(serve_until_signal(build(functions, options), options.port))
    except OSError as error:
        sys.exit(f"simulators.{name} cannot start: {error}")
    finally:
        functions.close()


def function_routes() -> list[web.RouteDef]:
    """Return the control routes that script functions."""
    return [web.put("/simulator/functions/{name}", _put)]


def matches(route: str, path: str) -> bool:
    """Return whether a path matches a route template such as `users/{id:int}/{day?}`."""
    pattern = ""
    for part in route.split("/"):
        optional = re.fullmatch(r"\{[^{}]*\?\}", part) is not None
        segment = "[^/]+".join(map(re.escape, re.split(r"\{[^{}*]*\}", part)))
        segment = ".+" if part.startswith("{*") else segment
        pattern += f"(?:/{segment})?" if optional else f"/{segment}"
    return re.fullmatch(pattern, f"/{path}", re.IGNORECASE) is not None


async def _put(request: web.Request) -> web.Response:
    try:
        script = FunctionScript.model_validate_json(await request.read())
    except ValidationError as error:
        return web.json_response(error.errors(include_context=False), status=422)
    request.app[FUNCTIONS].scripts[request.match_info["name"]] = script
    return web.json_response({})


async def _echo(request: web.Request) -> web.Response:
    text = await request.text()
    try:
        body = json.loads(text)
    except ValueError:
        body = text or None
    return web.json_response(
        {
            "method": request.method,
            "path": request.raw_path.partition("?")[0],
            "query": [[name, value] for name, value in request.query.items()],
            "body": body,
            "contentType": request.headers.get("Content-Type"),
        }
    )
