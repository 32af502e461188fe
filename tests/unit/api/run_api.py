"""The whole app over fake ports, for tests of the routes of runs."""

from __future__ import annotations

from typing import Any

from starlette.testclient import TestClient

from polysync_core.domain.definitions.base import Definition
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus
from tests.fakes.app import FakeApp
from tests.fakes.builders import NOON
from tests.fakes.runs import FakeRunTable

PLATFORM = Platform(
    name="lakehouse",
    type=PlatformType.AZURE_DATABRICKS,
    auth=Auth(method=AuthMethod.DEFAULT_CREDENTIAL),
)


class RunApi:
    """An app with some definitions, and its table of runs."""

    def __init__(self, *definitions: Definition, **options: Any) -> None:
        self.runs = FakeRunTable()
        self.app = FakeApp(PLATFORM, *definitions, runs=self.runs, **options)
        self.clock, self.engine = self.app.clock, self.app.engine
        self.client: TestClient = self.app.http

    def reset(self) -> None:
        """Return to the initial state; building the app takes longer than a test."""
        vars(self.runs).update(vars(FakeRunTable()))
        self.engine.states.clear()
        self.clock.now = NOON

    def end(self, run_id: str, status: RunStatus = RunStatus.SUCCEEDED) -> None:
        """End a run."""
        self.runs.end(RunId(run_id), at=self.clock(), status=status)
