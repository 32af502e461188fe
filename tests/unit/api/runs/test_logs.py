"""The details of a failure: over HTTP, on the command line, and for copilots."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from polysync_core.application.runs.steps import AttemptMemo
from polysync_core.domain.causes import FailureCause
from polysync_core.domain.definitions.platforms import Auth, Platform, PlatformType
from polysync_core.domain.definitions.tasks import Retry, Task
from polysync_core.domain.definitions.vaults import Vault
from polysync_core.domain.errors import PlatformRefused, Unavailable, Uncertain
from polysync_core.domain.redaction import MARKER
from polysync_core.domain.runs.failure_details import FailureDetail, FailureDetails
from polysync_core.domain.runs.identity import parse_run_id
from polysync_core.platforms.connector import RunNotFound
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job
from tests.fakes.platform import CANCELLED, FAILED, RUNNING, SUCCESS

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


class World:
    """An app with a Task of two attempts, whose runs end as the tests say."""

    def __init__(self, **task: Any) -> None:
        definitions = (VAULT, PLATFORM, JOB, TASK.model_copy(update=task))
        self.app = FakeApp(*definitions)
        self.platform = self.app.platform
        self.platform.details = FailureDetails(parts=(TRACE,))
        self.app.vaults.values |= {"v/key": KEY, "v/token": TOKEN}

    def start(self) -> str:
        return self.app.http.post("/tasks/daily/run").json()["runId"]

    def attempt(self, run_id: str, number: int = 1, report: Any = FAILED) -> None:
        self.platform.reports = [report]
        steps = self.app.services.attempt_steps
        steps.submit(parse_run_id(run_id), number, AttemptMemo())
        steps.poll(parse_run_id(run_id), number, AttemptMemo())

    def failed(self) -> str:
        run_id = self.start()
        self.attempt(run_id)
        return run_id

    def logs(self, run_id: str, query: str = "", status: int = 200) -> dict[str, Any]:
        answer = self.app.http.get(f"/task-runs/{run_id}/logs{query}")
        assert answer.status_code == status, answer.text
        return answer.json()


@pytest.fixture
def world() -> World:
    return World()


def test_the_details_are_shown_without_secrets_and_escapes(world: World) -> None:
    logs = world.logs(world.failed())
    assert (logs["state"], logs["attempt"], logs["cause"]) == ("Found", 1, "Artefact")
    assert logs["error"] == "Division by zero."
    assert logs["parts"] == [
        {
            "part": "load",
            "error": f"ValueError: bad key {MARKER}",
            "trace": f"Traceback\n  connect('{MARKER}')\nValueError",
        }
    ]
    assert logs["monitorUrl"] == "https://p/1"


def test_nothing_is_stored_and_the_platform_is_asked_each_time(world: World) -> None:
    run_id = world.failed()
    before = world.app.http.get(f"/task-runs/{run_id}").json()
    world.logs(run_id)
    world.logs(run_id)
    assert world.platform.details_asked == ["1", "1"]
    assert world.app.http.get(f"/task-runs/{run_id}").json() == before
    assert "ValueError" not in str(world.app.tables.tables)


def test_each_attempt_has_its_own_details(world: World) -> None:
    run_id = world.failed()
    world.attempt(run_id, 2)
    assert world.logs(run_id)["attempt"] == 2
    assert world.logs(run_id, "?attempt=1")["attempt"] == 1
    assert world.platform.details_asked == ["2", "1"]


def test_an_unknown_attempt_is_not_found(world: World) -> None:
    run_id = world.failed()
    assert "1 to 1" in world.logs(run_id, "?attempt=2", status=404)["detail"]
    assert "none yet" in world.logs(world.start(), "?attempt=1", status=404)["detail"]


@pytest.mark.parametrize("query", ["?attempt=0", "?attempt=-1", "?attempt=x"])
def test_an_invalid_attempt_is_refused(world: World, query: str) -> None:
    assert world.logs(world.failed(), query, status=422)["errors"][0]["path"] == "attempt"


def test_an_unknown_run_is_not_found(world: World) -> None:
    world.logs("nonsense", status=404)
    world.logs(world.start()[:-1] + "a", status=404)


@pytest.mark.parametrize(
    ("report", "sentence"),
    [
        (SUCCESS, "attempt 1 is Succeeded"),
        (CANCELLED, "attempt 1 is Cancelled"),
        (RUNNING, "attempt 1 is under way"),
    ],
)
def test_an_attempt_that_has_not_failed_has_no_details(
    world: World, report: Any, sentence: str
) -> None:
    run_id = world.start()
    world.attempt(run_id, report=report)
    logs = world.logs(run_id)
    assert (logs["state"], logs["parts"]) == ("NotFailed", [])
    assert "no failure details" in logs["message"]
    assert sentence in logs["message"]
    assert world.platform.details_asked == []


def test_a_queued_run_has_no_details(world: World) -> None:
    logs = world.logs(world.start())
    assert (logs["state"], logs["attempt"], logs["status"]) == ("NotFailed", None, "Queued")


def test_a_success_after_a_failure_names_the_attempt_that_failed(world: World) -> None:
    run_id = world.failed()
    world.attempt(run_id, 2, SUCCESS)
    assert "ask for attempt 1" in world.logs(run_id)["message"]
    assert world.logs(run_id, "?attempt=1")["state"] == "Found"


def test_a_failure_without_an_external_run_says_so(world: World) -> None:
    world.platform.submit_answers = [PlatformRefused("no cluster", cause=FailureCause.SUBMIT)]
    logs = world.logs(world.failed())
    assert (logs["state"], logs["error"]) == ("NoExternalRun", "no cluster")
    assert "no run on its platform that is known" in logs["message"]


@pytest.mark.parametrize(
    ("answer", "state", "sentence"),
    [
        (Unavailable("adb-1 does not answer"), "Unavailable", "adb-1 does not answer"),
        (Uncertain("adb-1 may have"), "Unavailable", "adb-1 may have"),
        (
            PlatformRefused("the token has expired", cause=FailureCause.SECRET),
            "Unavailable",
            "the token has expired",
        ),
        (RunNotFound(), "NoDetails", "no longer knows the run"),
        (FailureDetails(), "NoDetails", "gives no details"),
        (FailureDetails(note="The log is gone."), "NoDetails", "The log is gone."),
    ],
)
def test_a_platform_without_an_answer_is_a_sentence_and_no_error(
    world: World, answer: Any, state: str, sentence: str
) -> None:
    world.platform.details = answer
    logs = world.logs(world.failed())
    assert (logs["state"], logs["parts"]) == (state, [])
    assert sentence in logs["message"]


@pytest.mark.parametrize("secret", ["v/key", "v/token"])
def test_details_that_cannot_be_compared_with_a_secret_are_not_shown(
    world: World, secret: str
) -> None:
    run_id = world.failed()
    del world.app.vaults.values[secret]
    world.app.restart()
    logs = world.logs(run_id)
    assert (logs["state"], logs["parts"]) == ("Unavailable", [])
    assert "cannot be read" in logs["message"]
    assert world.platform.details_asked == []


def test_the_details_of_a_deleted_platform_are_unavailable(world: World) -> None:
    run_id = world.failed()
    for path in ("tasks/daily", f"jobs/{JOB.name}", f"platforms/{PLATFORM.name}"):
        assert world.app.http.delete(f"/{path}").status_code == 204
    world.app.restart()
    assert world.logs(run_id)["state"] == "Unavailable"


def test_long_details_are_cut_and_the_answer_says_so(world: World) -> None:
    world.platform.details = FailureDetails(parts=(replace(TRACE, trace="x" * 100_000),))
    logs = world.logs(world.failed())
    assert len(logs["parts"][0]["trace"]) < 64 * 1024
    assert "bytes were cut" in logs["note"]


def test_a_job_run_shows_its_failure_alike(world: World) -> None:
    body = {"params": {"key": "vault://v/key"}}
    run_id = world.app.http.post(f"/jobs/{JOB.name}/run", json=body).json()["runId"]
    world.attempt(run_id)
    assert world.logs(run_id)["parts"][0]["error"] == f"ValueError: bad key {MARKER}"
