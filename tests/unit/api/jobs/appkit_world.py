"""The app with a workspace in memory, for the tests of AppKit jobs."""

from __future__ import annotations

import json
from typing import Any

from polysync_core.api.security.callers import Identify, accept_all
from polysync_core.appkit.read_cache import ReadCache
from tests.fakes.app import FakeApp, settings_of
from tests.fakes.appkit import VARIABLES, FakeWorkspace, workspaces_of
from tests.fakes.audit import FakeAuditStore
from tests.fakes.builders import a_job

SCHEMA: dict[str, Any] = {"type": "object", "properties": {"day": {"type": "string"}}}
OPTIONS = {
    "etl": {"taskType": "notebook"},
    "short_wait": {"waitTimeout": 20},
    "with_schema": {"taskType": "notebook", "params": SCHEMA},
    "model": {"taskType": "dbt"},
    "Bare_1": {},
}
SETTINGS = {
    **VARIABLES,
    "DATABRICKS_JOB_WITH_SCHEMA": "30",
    "DATABRICKS_JOB_MODEL": "40",
    "DATABRICKS_JOB_BARE_1": "50",
    "DATABRICKS_JOB_SHORT_WAIT": "70",
    "DATABRICKS_JOB_STORED": "60",
    "DATABRICKS_APP_NAME": "shop",
    "POLYSYNC_APPKIT": json.dumps({"pollIntervalMs": 1, "jobs": OPTIONS}),
}


class World:
    """The whole app over fake ports, with a workspace in memory and one stored job."""

    def __init__(self) -> None:
        self.workspace, self.audit = FakeWorkspace(), FakeAuditStore()
        self.identify: Identify = accept_all
        self.app = FakeApp(
            a_job(name="stored"),
            settings=settings_of(**SETTINGS),
            identify=lambda scope: self.identify(scope),
            audit=self.audit,
            open_workspaces=lambda configuration, *_: workspaces_of(self.workspace, configuration),
        )
        self.jobs = self.app.services.appkit_jobs
        self.client = self.app.http

    def reset(self) -> None:
        """Return to the initial state; building the app takes longer than a test."""
        vars(self.workspace).update(vars(FakeWorkspace()))
        self.audit.entries.clear()
        self.jobs.reads = ReadCache()
        self.identify = accept_all

    def run(self, params: Any = ..., name: str = "etl", **more: Any) -> Any:
        body = {} if params is ... else {"params": params}
        return self.client.post(f"/jobs/{name}/run", json=body, **more)

    def stream(self, name: str = "etl", **more: Any) -> list[dict[str, Any]]:
        answer = self.client.post(f"/jobs/{name}/run?stream=true", **more)
        assert answer.status_code == 200
        return frames_of(answer.text)


def frames_of(text: str) -> list[dict[str, Any]]:
    blocks = [block for block in text.split("\n\n") if block.strip() and not block.startswith(":")]
    frames = [dict(line.split(": ", 1) for line in block.split("\n") if line) for block in blocks]
    return [{**frame, "data": json.loads(frame["data"])} for frame in frames]


def error_of(answer: Any) -> tuple[int, str]:
    problem = answer.json()
    assert answer.headers["content-type"] == "application/problem+json"
    assert (problem["plugin"], problem["status"]) == ("jobs", answer.status_code)
    return answer.status_code, problem["error"]
