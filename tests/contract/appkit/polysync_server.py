"""Runs Polysync in this process, on a free port of the loopback interface."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from dataclasses import replace
from datetime import timedelta
from typing import Any

import uvicorn
from pydantic import BaseModel, ConfigDict
from starlette.types import Receive, Scope, Send

from polysync_core.api.app import PREFIX
from polysync_core.api.security.callers import accept_all
from polysync_core.appkit.configuration import AppKitConfiguration
from polysync_core.appkit.named_jobs import WAIT_TIMEOUT, JobOptions
from polysync_core.appkit.parameters import TaskType
from polysync_core.appkit.workspaces import Workspaces
from polysync_core.outbound.call_budget import RetryTimer
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.settings import APPKIT, read_appkit
from tests.fakes.app import FakeApp, settings_of, with_engine

_TIMEOUT = 60


class _Window(BaseModel):
    model_config = ConfigDict(strict=True)

    day: str
    dryRun: bool | None = None


class _Defaults(BaseModel):
    day: str = "today"


class _Strict(BaseModel):
    model_config = ConfigDict(extra="forbid")

    day: str


class _Fields(BaseModel):
    model_config = ConfigDict(extra="allow")

    notebook_params: dict[str, str] | None = None


_COUNT = {
    "type": "object",
    "properties": {"count": {"type": "integer"}},
    "required": ["count"],
}
_MANY = {"type": "object", "additionalProperties": {"type": "string"}}
SCHEMAS: Mapping[str, Any] = {
    "window": _Window,
    "defaults": _Defaults,
    "strict": _Strict,
    "count": _COUNT,
    "many": _MANY,
    "fields": _Fields,
}
"""The schemas of `original/server.mjs` by name, as pydantic models and as JSON Schemas."""


class PolysyncServer:
    """Serves the app over fake ports in a thread; retries have no delay."""

    def __init__(self, config: Mapping[str, Any], variables: Mapping[str, str]) -> None:
        timings = {name: value for name, value in config.items() if name != "jobs"}
        development = {
            "POLYSYNC_ENVIRONMENT": "development",
            "POLYSYNC_ALLOW_LOOPBACK_PLATFORMS": "true",
            APPKIT: json.dumps(timings),
        }
        options = {name: _options(job) for name, job in config["jobs"].items()}
        configuration = read_appkit({**variables, **development}, options)
        app = FakeApp(
            settings=replace(settings_of(), appkit=configuration),
            identify=accept_all,
            open_workspaces=_open_workspaces,
        )
        self._app = with_engine(app.api, app.engine)
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.url = f"http://127.0.0.1:{self._socket.getsockname()[1]}"
        self._server = uvicorn.Server(
            uvicorn.Config(
                self._under_prefix, interface="asgi3", lifespan="off", log_level="critical"
            )
        )
        self._thread = threading.Thread(target=self._server.run, args=([self._socket],))
        self._thread.start()

    async def _under_prefix(self, scope: Scope, receive: Receive, send: Send) -> None:
        # The Functions host passes the whole path and the prefix.
        await self._app(scope | {"root_path": PREFIX}, receive, send)

    def stop(self) -> None:
        """Stop the server and its open streams."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(_TIMEOUT)
        self._socket.close()


def _open_workspaces(configuration: AppKitConfiguration, *_: Any) -> Workspaces:
    http_options = HttpOptions(timer=RetryTimer(uniform=lambda low, high: 0.0))
    return Workspaces(configuration=configuration, http_options=http_options)


def _options(job: Mapping[str, Any]) -> JobOptions:
    task_type, schema, wait = job.get("taskType"), job.get("schema"), job.get("waitTimeout")
    return JobOptions(
        task_type=TaskType(task_type) if task_type else None,
        params=SCHEMAS[schema] if schema else None,
        wait_timeout=timedelta(milliseconds=wait) if wait else WAIT_TIMEOUT,
    )
