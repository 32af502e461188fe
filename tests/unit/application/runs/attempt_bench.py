"""An app with one accepted run, for tests of attempts."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from polysync_core.application.runs.attempts.attempt_steps import AttemptSteps
from polysync_core.application.runs.attempts.services import Timeouts
from polysync_core.application.runs.step_result import AttemptMemo, StepResult
from polysync_core.application.runs.submission import SubmissionBuilder
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.definitions.tasks import Retry
from polysync_core.domain.runs.interruptions import request_cancel
from polysync_core.domain.runs.run import TaskRun, new_run
from polysync_core.domain.security.secrets import Secret
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_run
from tests.fakes.platform import FakePlatform
from tests.fakes.runs import FakeRunTable

PLATFORM = Platform(
    name="lakehouse",
    type=PlatformType.AZURE_DATABRICKS,
    auth=Auth(method=AuthMethod.DEFAULT_CREDENTIAL),
)


class Bench:
    """An app with one accepted run."""

    def __init__(
        self,
        run: TaskRun | None = None,
        *,
        runs: FakeRunTable | None = None,
        timeouts: Timeouts | None = None,
    ) -> None:
        self.runs = runs or FakeRunTable()
        self.app = FakeApp(PLATFORM, runs=self.runs)
        self.clock = self.app.clock
        self.secrets: dict[str, Secret | Exception] = {}
        self._timeouts = timeouts or Timeouts()
        self.attempts = self._new_attempts()
        run = run or a_run()
        self.run_id = run.run_id
        self.runs.add_active(new_run(run, actor="test"))
        self.runs.writes = 0

    @property
    def platform(self) -> Any:
        return self.app.platform

    def use(self, platform: FakePlatform) -> None:
        """Replace the platform, and open the connections anew."""
        self.app.platform = platform
        self.app.restart()
        self.attempts = self._new_attempts()

    def _new_attempts(self) -> AttemptSteps:
        steps = self.app.services.attempt_steps
        return replace(
            steps,
            services=replace(steps.services, timeouts=self._timeouts),
            submissions=SubmissionBuilder(resolve_secret=self._resolve),
        )

    def _resolve(self, reference: str) -> Secret:
        found = self.secrets[reference]
        if isinstance(found, Exception):
            raise found
        return found

    @property
    def run(self) -> TaskRun:
        return self.runs.rows[self.run_id].run

    def submit(self, memo: AttemptMemo | None = None, attempt: int = 1) -> StepResult:
        return self.attempts.submit(self.run_id, attempt, memo or AttemptMemo())

    def poll(self, memo: AttemptMemo | None = None, attempt: int = 1) -> StepResult:
        return self.attempts.poll(self.run_id, attempt, memo or AttemptMemo())

    def ask_to_cancel(self) -> None:
        stored = self.runs.rows[self.run_id]
        self.runs.save(stored, request_cancel(stored.run, at=self.clock(), actor="api"))


RETRY = Retry(enabled=True, max_retry_attempts=2, initial_delay_seconds=30)
