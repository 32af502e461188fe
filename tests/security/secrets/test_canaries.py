"""Canary secrets in every encoding reach no table, queue, answer, stream, tool or log."""

from __future__ import annotations

import asyncio
import json
import logging
from typing import Any
from urllib.parse import quote

import pytest

from polysync_core.api.engine import SCOPE_KEY
from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.errors import PlatformRefused, Unavailable
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.failures.details import FailureDetail, FailureDetails
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.security.redaction import MARKER
from polysync_core.mcp.tools import TOOLS
from polysync_core.platforms.connector import ExternalRun, ProviderStatus, Report
from polysync_core.settings import DELIVERIES
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job
from tests.fakes.telemetry import listening
from tests.security.secrets.canaries import CANARIES, FORMS, TEXT, found_in

READ_TOOLS = {"get_run", "get_run_logs", "explain_run"}
REPORTS: dict[str, list[Report | Exception]] = {
    "a failure": [Report(status=ProviderStatus.FAILED, message=TEXT, monitor_url="https://h/?x=1")],
    "a cancellation": [Report(status=ProviderStatus.CANCELLED, message=TEXT)],
    "progress": [
        Report(status=ProviderStatus.RUNNING, message=TEXT, provider_state=TEXT),
        Report(status=ProviderStatus.SUCCESS),
    ],
    "outputs": [
        Report(
            status=ProviderStatus.SUCCESS,
            outputs={f"output{n}": form for n, form in enumerate(FORMS)},
        )
    ],
    "a deep output": [Report(status=ProviderStatus.SUCCESS, outputs={"a": [{"b": [TEXT]}]})],
    "names of outputs": [
        Report(
            status=ProviderStatus.SUCCESS, outputs={form[:250]: n for n, form in enumerate(FORMS)}
        )
    ],
    "a reason for missing outputs": [
        Report(status=ProviderStatus.SUCCESS, outputs_missing=f"No outputs: {TEXT}")
    ],
    "an unavailable platform": [
        Unavailable(f"h is unavailable: {TEXT}"),
        Report(status=ProviderStatus.SUCCESS),
    ],
    "a refused poll": [
        PlatformRefused(f"h redirects to {TEXT}", cause=FailureCause.SUBMIT),
        Report(status=ProviderStatus.SUCCESS),
    ],
    **{
        f"link {n}": [
            Report(status=ProviderStatus.RUNNING, monitor_url=f"https://h/{quote(form)}"),
            Report(status=ProviderStatus.SUCCESS, monitor_url=f"https://h/?q={quote(form)}"),
        ]
        for n, form in enumerate(FORMS[::4])
    },
}


class App(FakeApp):
    """An app whose Task, platform and webhook have canary secrets."""

    def __init__(self) -> None:
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
            a_job(
                name="job",
                parameters=[
                    {"name": "key", "dataType": "Secret", "default": "vault://kv/key"},
                    {"name": "text", "default": "vault://kv/text"},
                ],
            ),
            Task(
                name="task",
                job="job",
                parameters={"key": "vault://kv/key", "text": "vault://kv/text"},
            ),
            Webhook(name="hook", url="https://hooks.example.com/x", secret="vault://kv/hook"),
        )
        self.vaults.values |= {f"kv/{name}": value for name, value in CANARIES.items()}
        self.vaults.values["kv/hook"] = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw"

    def run(self, reports: list[Report | Exception]) -> str:
        """Run the Task until the last report, and return the id of the run."""
        return self._end(self.http.post("/tasks/task/run", json={}).json()["runId"], reports)

    def execute(self, reports: list[Report | Exception]) -> str:
        """Run the Job without a Task in the same way."""
        return self._end(self.http.post("/jobs/job/run", json={}).json()["runId"], reports)

    def _end(self, run_id: str, reports: list[Report | Exception]) -> str:
        self.platform.reports = list(reports)
        steps = self.services.attempt_steps
        steps.submit(RunId(run_id), 1, AttemptMemo())
        for _ in reports:
            self.clock.advance(minutes=1)
            steps.poll(RunId(run_id), 1, AttemptMemo())
        return run_id

    def job_pages(self, run_id: str) -> str:
        """Return every answer and stream of the job routes."""
        pages = ["/runs", f"/runs/{run_id}", f"/runs/{run_id}?stream=true", "/status"]
        answers = [self.http.get(f"/jobs/job{page}") for page in pages]
        assert {answer.status_code for answer in answers} == {200}
        return "\n".join(answer.text for answer in answers)

    def sinks(self, run_id: str) -> str:
        """Return all texts that are stored, sent or shown."""
        run = f"/task-runs/{run_id}"
        pages = [
            run,
            f"{run}/logs",
            f"{run}/history",
            f"{run}/events",
            f"{run}/explain",
            "/task-runs",
        ]
        pages += ["/tasks/task", "/jobs/job", "/platforms/lakehouse", "/definitions"]
        pages += ["/poison-messages", "/audit", "/graph?task=task", "/jobs/job/platform-runs"]
        answers = [self.http.get(page) for page in pages]
        assert {answer.status_code for answer in answers} == {200}
        stored = [str(list(rows.values())) for rows in self.tables.tables.values()]
        sent = [message.text for queue in self.queues.values() for message in queue.sent]
        read = [*self.delivered(), *self.tool_answers(run_id)]
        return "\n".join([*(answer.text for answer in answers), *stored, *sent, *read])

    def delivered(self) -> list[str]:
        """Deliver the waiting events to the webhook, and return what it receives."""
        waiting = self.queue(DELIVERIES).sent
        for message in [*waiting]:
            self.services.webhook_delivery.deliver(message.text)
        assert len(self.receiver.posts) >= len(waiting)
        return [f"{url} {headers} {body.decode()}" for url, headers, body in self.receiver.posts]

    def tool_answers(self, run_id: str) -> list[str]:
        """Return the answers of the tools that read a run."""
        transport = {"name": "http-streamable", "properties": {"headers": {"host": "localhost"}}}
        call = {"name": "", "arguments": {"runId": run_id}, "sessionid": "s"}
        context = json.dumps({**call, "transport": transport})
        tools = [each for each in TOOLS if each.name in READ_TOOLS]
        assert len(tools) == len(READ_TOOLS)
        scope = {SCOPE_KEY: self.engine}
        answers = [asyncio.run(each.call(context, self.api, scope)) for each in tools]
        results = [json.loads(json.loads(answer)["content"]) for answer in answers]
        texts = [each["content"][0]["text"] for each in results]
        refused = [each for each in texts if each.startswith('{"error":{"status"')]
        assert refused == []
        return answers


@pytest.mark.parametrize("name", REPORTS)
def test_a_canary_reaches_no_sink(name: str, caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.DEBUG)
    app = App()
    listed = Report(status=ProviderStatus.FAILED, message=TEXT, monitor_url=f"https://h/{FORMS[0]}")
    runs = [ExternalRun(external_run_id="1", report=listed)]
    app.platform.runs = lambda job: iter(runs)  # pyright: ignore[reportAttributeAccessIssue]

    app.platform.details = FailureDetails(parts=(FailureDetail(error=TEXT, trace=TEXT),))
    with listening() as listener:
        run_id = app.run(REPORTS[name])
        sinks = app.sinks(run_id)

    run: Any = app.http.get(f"/task-runs/{run_id}").json()
    assert run["finishedAt"] is not None
    assert len(app.platform.orders) == 1
    assert found_in(sinks) == []
    assert found_in("\n".join(each.text for each in listener.spans())) == []
    assert found_in(str(listener.metrics())) == []
    assert found_in(str([vars(record) for record in caplog.records])) == []


@pytest.mark.parametrize("name", ["a failure", "outputs", "names of outputs", "a refused poll"])
def test_a_canary_reaches_no_job_route(name: str) -> None:
    app = App()
    run_id = app.execute(REPORTS[name])
    pages = app.job_pages(run_id)

    assert found_in(pages) == []
    assert pages.count(run_id) > 4
    assert pages.count("vault://kv/key") >= 4


@pytest.mark.parametrize("form", [each for n, each in enumerate(FORMS) if n % 3 == 0])
def test_a_refused_request_leaves_its_secret_nowhere(
    form: str, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    app = App()
    secret: Any = {"key": form, "data": [{form: form}]}
    headers = {"authorization": f"Bearer {quote(form)}", "x-functions-key": quote(form)}
    auth = {"method": "PersonalAccessToken", "personalAccessToken": form}
    with listening() as listener:
        answers = [
            app.http.post("/tasks/task/run", json={"parameters": secret}, headers=headers),
            app.http.post("/jobs/job/run?stream=true", json={"params": secret}),
            app.http.put("/tasks/task", json={"job": "job", "parameters": secret}),
            app.http.put("/platforms/lakehouse", json={"type": "AzureDatabricks", "auth": auth}),
            app.http.put("/webhooks/hook", json={"url": "https://h.example.com", "secret": form}),
            app.http.put("/definitions", json={"platforms": [{"name": "p", "auth": auth}]}),
            app.http.post("/secrets/test", json={"reference": form}),
            app.http.get("/task-runs", params={"continuationToken": form, "code": form}),
        ]
    run_id = app.run(REPORTS["an unavailable platform"])

    assert {answer.status_code for answer in answers} <= {400, 403, 422}
    said = "\n".join(answer.text for answer in answers)
    assert form not in said
    assert form not in app.sinks(run_id)
    assert form not in "\n".join(each.text for each in listener.spans())
    # The log of the test's own client holds the address of each request.
    own = [vars(record) for record in caplog.records if record.name.startswith("polysync_core")]
    assert own != []
    assert form not in str(own)


def test_the_search_sees_what_the_sinks_hold() -> None:
    app = App()
    run_id = app.run([Report(status=ProviderStatus.FAILED, message=f"Seen {TEXT}")])

    sinks = app.sinks(run_id)

    assert f"Seen {MARKER}" in sinks
    assert "vault://kv/key" in sinks
    assert found_in(json.dumps({"a": TEXT})) == FORMS
