"""Nothing that a platform says repeats a secret of a run or of the connection."""

from __future__ import annotations

import base64
import json
import logging
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest

from polysync_core.application.platforms.platform_texts import MESSAGE_UNCOMPARED
from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.definitions.jobs import Job
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import TaskRun
from polysync_core.domain.security.redaction import MARKER
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import ExternalRun, ProviderStatus, Report
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job

SECRET = "canary-91c4/e7+ab"
TOKEN = "dapi-canary-platform-77"
FORMS = {
    "plain": SECRET,
    "base64": base64.b64encode(f"x{SECRET}".encode()).decode(),
    "hex": SECRET.encode().hex(),
    "reversed": SECRET[::-1],
    "url": SECRET.replace("/", "%2f").replace("+", "%2B"),
    "json": json.dumps(json.dumps(SECRET.replace("/", "\\/"))),
    "token": TOKEN,
    "token in base64": base64.b64encode(f"token:{TOKEN}".encode()).decode(),
}
JOB = a_job(name="job", parameters=[{"name": "key", "dataType": "Secret"}, {"name": "text"}])


class App(FakeApp):
    """An app with a secret of a Task and a token of a platform."""

    def __init__(self, **ports: Any) -> None:
        super().__init__(
            Vault(name="kv", provider=VaultProvider.ENVIRONMENT),
            Platform(
                name="lakehouse",
                type=PlatformType.AZURE_DATABRICKS,
                auth=Auth(
                    method=AuthMethod.PERSONAL_ACCESS_TOKEN,
                    personal_access_token="vault://kv/token",
                ),
            ),
            JOB,
            Task(name="task", job="job", parameters={"key": "vault://kv/key"}),
            **ports,
        )
        self.reads: list[str] = []
        self.vaults.values |= {"kv/key": SECRET, "kv/token": TOKEN}

    def run(self, *reports: Report | Exception) -> TaskRun:
        """Run the Task until the last report, and return the run."""
        self.platform.reports = list(reports)
        run_id = self.http.post("/tasks/task/run", json={}).json()["runId"]
        steps, memo = self.services.attempt_steps, AttemptMemo()
        steps.submit(run_id, 1, memo)
        for _ in reports:
            steps.poll(run_id, 1, memo)
        return self.services.task_runs.get(run_id)

    def seen(self) -> str:
        """Return all texts that are stored, shown or sent."""
        runs = self.http.get("/task-runs").json()["items"]
        pages = [f"/task-runs/{run['runId']}{part}" for run in runs for part in ("", "/history")]
        stored = [list(rows.values()) for rows in self.tables.tables.values()]
        sent = [message for queue in self.queues.values() for message in queue.sent]
        return repr([self.http.get(page).text for page in pages]) + repr(stored) + repr(sent)


@pytest.fixture
def app() -> App:
    return App()


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("status", [ProviderStatus.FAILED, ProviderStatus.CANCELLED])
def test_a_message_repeats_no_secret(app: App, form: str, status: ProviderStatus) -> None:
    message = f"Login ( {FORMS[form]} ) failed. AUTH Bearer {TOKEN}"
    run = app.run(Report(status=status, message=message))

    assert run.attempts[0].error is not None
    assert run.attempts[0].error.startswith("Login ( ")
    assert f" ) failed. AUTH Bearer {MARKER}" in run.attempts[0].error
    assert FORMS[form] not in app.seen()
    assert TOKEN not in app.seen()


@pytest.mark.parametrize("form", FORMS)
def test_a_link_with_a_secret_is_dropped_at_the_first_poll_and_at_the_end(
    app: App, form: str
) -> None:
    link = f"https://h/run?x={FORMS[form]}"
    run = app.run(
        Report(status=ProviderStatus.RUNNING, monitor_url=link),
        Report(status=ProviderStatus.SUCCESS, monitor_url=link),
    )

    assert run.status == "Succeeded"
    assert FORMS[form] not in app.seen()


def test_a_link_keeps_what_is_no_credential(app: App) -> None:
    link = "https://h/run?o=1&sig=abc&code=def#job/2"
    run = app.run(Report(status=ProviderStatus.SUCCESS, monitor_url=link))
    assert run.attempts[0].monitor_url == "https://h/run?o=1#job/2"


@pytest.mark.parametrize("form", FORMS)
def test_an_output_with_a_secret_or_a_credential_is_redacted(app: App, form: str) -> None:
    outputs: Any = {"echo": {"headers": [FORMS[form]]}, "rows": 3}
    run = app.run(Report(status=ProviderStatus.SUCCESS, outputs=outputs))

    assert (run.outputs, run.redacted_outputs) == ({"rows": 3}, ("echo",))


def test_a_token_that_only_the_connection_knows_is_compared(app: App) -> None:
    outputs: Any = {"echo": "Bearer eyJ.short-lived", "rows": 3}
    report = Report(
        status=ProviderStatus.SUCCESS, outputs=outputs, credentials=(Secret("eyJ.short-lived"),)
    )
    assert app.run(report).outputs == {"rows": 3}


def test_the_error_of_a_submit_repeats_no_secret_in_history_events_and_log(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    error = PlatformRefused(f"h redirects to {SECRET}.evil.example", cause=FailureCause.SUBMIT)
    app.platform.submit_answers = [error]
    run = app.run()

    assert run.attempts[0].error == f"h redirects to {MARKER}.evil.example"
    assert SECRET not in app.seen()
    assert SECRET not in caplog.text


def test_the_error_of_a_poll_repeats_no_secret_in_the_log(
    app: App, caplog: pytest.LogCaptureFixture
) -> None:
    app.run(Unavailable(f"h redirects to {SECRET}.evil.example"))

    errors = [vars(record).get("error") for record in caplog.records]
    assert f"h redirects to {MARKER}.evil.example" in errors


def test_without_the_secrets_nothing_of_the_platforms_text_is_kept(app: App) -> None:
    app.vaults.values["kv/key"] = SECRET
    report = Report(
        status=ProviderStatus.FAILED, message=f"Bad {SECRET}", monitor_url=f"https://h/{SECRET}"
    )
    app.platform.reports = [report]
    run_id = app.http.post("/tasks/task/run", json={}).json()["runId"]
    app.services.attempt_steps.submit(run_id, 1, AttemptMemo())
    del app.vaults.values["kv/key"]
    app.clock.advance(minutes=10)
    app.services.attempt_steps.poll(run_id, 1, AttemptMemo())
    run = app.services.task_runs.get(run_id)

    assert run.status == "Failed"
    assert run.attempts[0].error == MESSAGE_UNCOMPARED
    assert SECRET not in app.seen()


def test_a_poll_without_texts_asks_no_vault(app: App, monkeypatch: pytest.MonkeyPatch) -> None:
    app.platform.reports = [Report(status=ProviderStatus.RUNNING, monitor_url="https://p/1")]
    run_id = app.http.post("/tasks/task/run", json={}).json()["runId"]
    app.services.attempt_steps.submit(run_id, 1, AttemptMemo())
    app.clock.advance(minutes=10)
    opened: list[str] = []
    monkeypatch.setattr(app.vaults, "values", {})
    monkeypatch.setattr(type(app.vaults), "open", lambda *_, **__: opened.append("vault"))

    for _ in range(3):
        app.services.attempt_steps.poll(run_id, 1, AttemptMemo())

    assert opened == []


@pytest.mark.parametrize("form", FORMS)
def test_the_platforms_list_of_runs_repeats_no_secret(app: App, form: str) -> None:
    said = f"Login {FORMS[form]} failed"
    report = Report(
        status=ProviderStatus.FAILED, message=said, monitor_url=f"https://h/{FORMS[form]}"
    )
    runs = [ExternalRun(external_run_id="1", report=report)]
    app.platform.runs = lambda job: iter(runs)  # pyright: ignore[reportAttributeAccessIssue]

    (shown,) = app.http.get("/jobs/job/platform-runs").json()["items"]

    assert shown["monitorUrl"] is None
    assert shown["message"].startswith("Login ")
    assert MARKER in shown["message"]
    assert FORMS[form] not in str(shown)


@pytest.mark.parametrize("form", FORMS)
@pytest.mark.parametrize("kind", [Unavailable, PlatformRefused])
def test_the_error_of_a_platforms_list_of_runs_repeats_no_secret(
    app: App, form: str, kind: type[Exception]
) -> None:
    def refuse(job: Job) -> Iterator[ExternalRun]:
        cause: Any = {} if kind is Unavailable else {"cause": FailureCause.SUBMIT}
        raise kind(f"h says {FORMS[form]}", **cause)

    app.platform.runs = refuse  # pyright: ignore[reportAttributeAccessIssue]

    answer = app.http.get("/jobs/job/platform-runs")

    assert answer.status_code in {502, 503}
    assert answer.json()["detail"].startswith("h says ")
    assert MARKER in answer.json()["detail"]
    assert FORMS[form] not in answer.text


def test_the_platforms_list_of_runs_is_silent_without_the_secrets(app: App) -> None:
    app.vaults.values.clear()
    report = Report(status=ProviderStatus.FAILED, message=f"Bad {SECRET}")
    plain = replace(report, message=None)
    runs = [ExternalRun(external_run_id=str(n), report=r) for n, r in enumerate((report, plain))]
    app.platform.runs = lambda job: iter(runs)  # pyright: ignore[reportAttributeAccessIssue]

    items = app.http.get("/jobs/job/platform-runs").json()["items"]

    assert [each["message"] for each in items] == [MESSAGE_UNCOMPARED, None]
    assert [each["providerStatus"] for each in items] == ["Failed", "Failed"]


class Failing:
    """A connector whose test fails with a given error."""

    def __init__(self, error: PlatformRefused) -> None:
        self.error = error

    def test(self) -> str:
        raise self.error


def outcome_of(error: PlatformRefused, *, readable: bool = True) -> dict[str, Any]:
    app = App(open_connector=lambda *_, **__: Failing(error))
    if not readable:
        del app.vaults.values["kv/token"]
    with app.http as client:
        return client.post("/platforms/lakehouse/test").json()


@pytest.mark.parametrize("form", [each for each in FORMS if each.startswith("token")])
def test_a_connection_test_repeats_no_credential_of_its_platform(form: str) -> None:
    error = PlatformRefused(f"h says {FORMS[form]}", cause=FailureCause.SECRET)
    error.platform_message = f"the token {FORMS[form]} has expired"

    answer = outcome_of(error)

    assert answer["message"].startswith("h says ") and MARKER in answer["message"]
    assert answer["platformMessage"].endswith(f"{MARKER} has expired")
    assert FORMS[form] not in json.dumps(answer)


def test_a_connection_test_shows_no_words_that_cannot_be_compared() -> None:
    error = PlatformRefused("h redirects to evil.example", cause=FailureCause.SECRET)
    error.platform_message, error.quoted = f"the token {TOKEN} has expired", "evil.example"

    answer = outcome_of(error, readable=False)

    assert answer["platformMessage"] is None
    assert answer["message"] == "h redirects to another host"
