"""Polysync's job routes in this process, on a free port of the loopback interface."""

from __future__ import annotations

import json
import socket
import threading
from collections.abc import Mapping
from datetime import timedelta
from typing import Any

import uvicorn
from pydantic import BaseModel, ConfigDict
from starlette.types import Receive, Scope, Send

from polysync_core.api.app import PREFIX, create_app
from polysync_core.api.engine import SCOPE_KEY
from polysync_core.api.jobs.routes import job_run_routes
from polysync_core.appkit.jobs import AppKitJobs
from polysync_core.appkit.named_jobs import WAIT_TIMEOUT, JobOptions
from polysync_core.appkit.parameters import TaskType
from polysync_core.appkit.workspaces import Workspaces
from polysync_core.application.runs.job_runs import JobRuns
from polysync_core.domain.errors import NotFound
from polysync_core.outbound.call_budget import RetryTimer
from polysync_core.platforms.platform_client import HttpOptions
from polysync_core.settings import APPKIT, read_appkit
from tests.fakes.engine import FakeEngine

_PATIENCE = 60


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
"""The schemas that `original/server.mjs` has under the same names, in both forms that there are."""


class _NoStoredJobs:
    """There are no jobs but those of the environment."""

    def job_named(self, name: str) -> Any:
        """Find nothing."""
        raise NotFound(f"There is no job '{name}'.")


class PolysyncServer:
    """The routes, served by a thread; repetitions of what failed come without a pause."""

    def __init__(self, config: Mapping[str, Any], variables: Mapping[str, str]) -> None:
        bounds = {name: value for name, value in config.items() if name != "jobs"}
        development = {
            "POLYSYNC_ENVIRONMENT": "development",
            "POLYSYNC_ALLOW_LOOPBACK_PLATFORMS": "true",
            APPKIT: json.dumps(bounds),
        }
        options = {key: _options(job) for key, job in config["jobs"].items()}
        configuration = read_appkit({**variables, **development}, options)
        http_options = HttpOptions(timer=RetryTimer(uniform=lambda low, high: low))
        workspaces = Workspaces(configuration=configuration, http_options=http_options)
        jobs = AppKitJobs(configuration=configuration, workspaces=lambda: workspaces)
        stored: Any = _NoStoredJobs()
        job_runs = JobRuns(runs=stored, factory=stored, task_runs=stored)
        self._app = create_app([job_run_routes(job_runs, jobs)])
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
        # As the Functions host hands a request over: the whole path, and what comes before ours.
        outside = {"root_path": PREFIX, SCOPE_KEY: FakeEngine()}
        await self._app({**scope, **outside}, receive, send)

    def stop(self) -> None:
        """End it, with the streams that are open."""
        self._server.should_exit = self._server.force_exit = True
        self._thread.join(_PATIENCE)
        self._socket.close()


def _options(job: Mapping[str, Any]) -> JobOptions:
    task_type, schema, wait = job.get("taskType"), job.get("schema"), job.get("waitTimeout")
    return JobOptions(
        task_type=TaskType(task_type) if task_type else None,
        params=SCHEMAS[schema] if schema else None,
        wait_timeout=timedelta(milliseconds=wait) if wait else WAIT_TIMEOUT,
    )
