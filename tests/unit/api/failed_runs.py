"""An app with a Task whose attempts fail, for tests of failure details."""

from __future__ import annotations

from typing import Any

from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.definitions.platforms import Auth, Platform, PlatformType
from polysync_core.domain.definitions.tasks import Retry, Task
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.runs.failures.details import FailureDetail, FailureDetails
from polysync_core.domain.runs.identity import parse_run_id
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job
from tests.fakes.platform import FAILED

VAULT = Vault.model_validate({"name": "v", "provider": "Environment"})
PLATFORM = Platform(
    name="lakehouse",
    type=PlatformType.AZURE_DATABRICKS,
    auth=Auth.model_validate(
        {"method": "PersonalAccessToken", "personalAccessToken": "vault://v/token"}
    ),
)
JOB = a_job(parameters=[{"name": "key", "dataType": "Secret"}, {"name": "day"}])
TASK = Task(
    name="daily",
    job=JOB.name,
    parameters={"key": "vault://v/key"},
    retry=Retry(enabled=True, max_retry_attempts=1, initial_delay_seconds=0),
)
KEY, TOKEN = "k3y-of-the-notebook", "dapi-t0ken-of-the-platform"
TRACE = FailureDetail(
    part="load",
    error=f"ValueError: bad key {KEY}",
    trace=f"\x1b[0;31mTraceback\x1b[0m\n  connect({TOKEN!r})\nValueError",
)


class FailedRuns:
    """An app with a Task of two attempts, which end as the test says."""

    def __init__(self, *, keep_errors: bool = False, retries: int = 1, **ports: Any) -> None:
        job = JOB.model_copy(update={"keep_errors": keep_errors})
        retry = TASK.retry.model_copy(update={"max_retry_attempts": retries})
        task = TASK.model_copy(update={"retry": retry})
        self.app = FakeApp(VAULT, PLATFORM, job, task, **ports)
        self.platform = self.app.platform
        self.platform.details = FailureDetails(parts=(TRACE,))
        self.app.vaults.values |= {"v/key": KEY, "v/token": TOKEN}

    def start(self) -> str:
        return self.app.http.post("/tasks/daily/run").json()["runId"]

    def attempt(self, run_id: str, number: int = 1, report: Any = FAILED) -> None:
        self.platform.reports = [report]
        self.submit(run_id, number)
        self.poll(run_id, number)

    def submit(self, run_id: str, number: int = 1) -> None:
        self.app.services.attempt_steps.submit(parse_run_id(run_id), number, AttemptMemo())

    def poll(self, run_id: str, number: int = 1) -> None:
        self.app.services.attempt_steps.poll(parse_run_id(run_id), number, AttemptMemo())

    def failed(self) -> str:
        run_id = self.start()
        self.attempt(run_id)
        return run_id

    def logs(self, run_id: str, query: str = "", status: int = 200) -> dict[str, Any]:
        answer = self.app.http.get(f"/task-runs/{run_id}/logs{query}")
        assert answer.status_code == status, answer.text
        return answer.json()
