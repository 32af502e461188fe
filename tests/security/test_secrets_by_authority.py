"""An Operator's key reads no secret that no definition gave to the Operator."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest
from httpx import Response

from polysync_core.api.security.callers import by_key, reject_all
from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Dependency, Mapping, Task
from polysync_core.domain.definitions.vaults import Vault, VaultProvider
from polysync_core.domain.security.access_keys import new_access_key
from polysync_core.domain.security.roles import Role
from polysync_core.domain.security.secrets import Secret
from polysync_core.platforms.connector import ProviderStatus, Report
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job

GIVEN = "canary-given-to-the-task"
OTHER = "canary-of-another-task"
OTHER_REFERENCE = "vault://kv/other"
OPERATOR, _OPERATOR_ENTRY = new_access_key("operator", Role.OPERATOR)
ADMINISTRATOR, _ADMINISTRATOR_ENTRY = new_access_key("administrator", Role.ADMINISTRATOR)
KEYS = (_OPERATOR_ENTRY, _ADMINISTRATOR_ENTRY)
JOB = a_job(
    name="job",
    parameters=[
        {"name": "key", "dataType": "Secret", "default": "vault://kv/default"},
        {"name": "text"},
        {"name": "data", "dataType": "Json"},
        {"name": "list", "dataType": "JsonArray"},
        {"name": "both", "direction": "InputOutput"},
    ],
)
UPSTREAM = a_job(name="upstream", parameters=[{"name": "path", "direction": "Output"}])


class App(FakeApp):
    """An app with access keys for an Operator and an Administrator."""

    def __init__(self) -> None:
        nightly = Schedule(name="nightly", cron="0 3 * * *", parameters={"key": "vault://kv/night"})
        mapping = Dependency(task="before", mappings=(Mapping(output="path", input="text"),))
        auth = Auth(
            method=AuthMethod.PERSONAL_ACCESS_TOKEN, personal_access_token="vault://kv/token"
        )
        super().__init__(
            Vault(name="kv", provider=VaultProvider.ENVIRONMENT),
            Vault(name="company-vault", provider=VaultProvider.ENVIRONMENT),
            Platform(name="lakehouse", type=PlatformType.AZURE_DATABRICKS, auth=auth),
            JOB,
            UPSTREAM,
            Task(
                name="task",
                job="job",
                parameters={"key": "vault://kv/given"},
                schedules=(nightly,),
            ),
            Task(name="before", job="upstream"),
            Task(name="after", job="job", dependencies=(mapping,)),
            identify=by_key(KEYS, otherwise=reject_all),
        )
        names = ("given", "default", "night", "token")
        self.vaults.values |= {f"kv/{name}": f"{GIVEN}-{name}" for name in names}
        self.vaults.values["kv/other"] = OTHER
        self.platform.reports = [Report(status=ProviderStatus.SUCCESS)]

    def post(self, path: str, body: Any = None, *, key: str = OPERATOR) -> Response:
        return self.http.post(path, json=body or {}, headers={"x-functions-key": key})

    def start(self, parameters: Any, *, key: str = OPERATOR) -> Response:
        return self.post("/tasks/task/run", {"parameters": parameters}, key=key)

    def execute(self, run_id: str) -> None:
        """Submit an accepted run and read its end."""
        self.services.attempt_steps.submit(run_id, 1, AttemptMemo())
        self.services.attempt_steps.poll(run_id, 1, AttemptMemo())

    def execute_all(self) -> None:
        """Execute every run that was accepted."""
        for entry in list(self.services.ports.runs.active_runs()):
            self.execute(entry.run_id)

    @property
    def sent(self) -> list[str]:
        """Every secret that the platform got."""
        values = [value for order in self.platform.orders for value in order.parameters.values()]
        return [value.reveal() for value in values if isinstance(value, Secret)]

    @property
    def texts(self) -> str:
        """Every other value that the platform got."""
        return str([dict(order.parameters) for order in self.platform.orders])


@pytest.fixture
def app() -> App:
    return App()


WAYS: dict[str, dict[str, Any]] = {
    "a Secret": {"key": OTHER_REFERENCE},
    "the reference of another parameter": {"text": "vault://kv/given"},
    "the credential of the platform": {"key": "vault://kv/token"},
    "the same secret in another parameter": {"both": "vault://kv/default"},
    "a String": {"text": OTHER_REFERENCE},
    "an InputOutput": {"both": OTHER_REFERENCE},
    "a Json": {"data": OTHER_REFERENCE},
    "nested in a Json": {"data": {"a": [{"b": OTHER_REFERENCE}]}},
    "as a key of a Json": {"data": {OTHER_REFERENCE: 1}},
    "nested in the text of a Json": {"data": json.dumps({"a": OTHER_REFERENCE})},
    "the text of a Json text": {"data": json.dumps([json.dumps([OTHER_REFERENCE])])},
    "nested in a JsonArray": {"list": [OTHER_REFERENCE]},
    "nested in the text of a JsonArray": {"list": json.dumps([OTHER_REFERENCE])},
    "a list for a String": {"text": [OTHER_REFERENCE]},
    "capital letters": {"text": "VAULT://kv/other"},
    "a space before": {"text": f" {OTHER_REFERENCE}"},
    "a line feed before": {"text": f"\n{OTHER_REFERENCE}"},
    "an invisible character": {"text": f"\u200b{OTHER_REFERENCE}"},
    "full-width letters": {"text": "\uff56ault://kv/other"},
    "a run variable": {"text": "vault://kv/${run.triggerType}"},
    "an escaped variable": {"text": "vault://kv/$${x}"},
    "another path of the vault": {"key": "vault://kv/given/../other"},
    "beside a permitted one": {"key": "vault://kv/given", "text": OTHER_REFERENCE},
}


@pytest.mark.parametrize("way", WAYS)
def test_an_operator_starts_no_task_with_a_new_secret(app: App, way: str) -> None:
    answer = app.start(WAYS[way])

    assert answer.status_code in {403, 422}
    assert OTHER not in answer.text
    assert list(app.services.ports.runs.active_runs()) == []


@pytest.mark.parametrize("way", WAYS)
@pytest.mark.parametrize("stream", ["", "?stream=true"])
def test_an_operator_executes_no_job_with_a_new_secret(app: App, way: str, stream: str) -> None:
    answer = app.post(f"/jobs/job/run{stream}", {"params": WAYS[way]})

    assert answer.status_code in {403, 422}
    assert list(app.services.ports.runs.active_runs()) == []


@pytest.mark.parametrize("way", WAYS)
def test_a_message_starts_no_run_with_a_new_secret(app: App, way: str) -> None:
    content = json.dumps({"task": "task", "parameters": WAYS[way]}).encode()
    app.services.run_requests.accept("m", content, app.engine)

    assert list(app.services.ports.runs.active_runs()) == []
    (refused,) = app.queues["run-requests-poison"].sent
    assert OTHER not in str(refused)


@pytest.mark.parametrize("key", [OPERATOR, ADMINISTRATOR], ids=["operator", "administrator"])
@pytest.mark.parametrize(
    "value", ["vault://kv/given", "vault://kv/night", "vault://kv/default", None]
)
def test_everybody_may_use_what_a_definition_holds_for_the_parameter(
    app: App, key: str, value: str | None
) -> None:
    assert app.start({"key": value}, key=key).status_code == 202
    app.execute_all()

    (sent,) = app.sent
    assert sent.startswith(GIVEN)


def test_an_administrator_may_name_a_new_secret(app: App) -> None:
    assert app.start({"text": OTHER_REFERENCE}, key=ADMINISTRATOR).status_code == 202
    answer = app.post("/jobs/job/run", {"params": {"text": OTHER_REFERENCE}}, key=ADMINISTRATOR)
    assert answer.status_code == 200
    app.execute_all()
    assert sorted(set(app.sent)) == [f"{GIVEN}-default", f"{GIVEN}-given", OTHER]


def test_the_refusal_names_the_parameter_and_the_remedy(app: App) -> None:
    answer = app.start({"text": OTHER_REFERENCE, "key": "vault://kv/given"})

    assert answer.status_code == 403
    assert "(text)" in answer.json()["detail"]
    assert "ask an administrator" in answer.json()["detail"]


def test_an_operator_does_not_rerun_the_new_secret_of_an_administrator(app: App) -> None:
    run_id = app.start({"text": OTHER_REFERENCE}, key=ADMINISTRATOR).json()["runId"]
    app.execute(run_id)

    assert app.post(f"/task-runs/{run_id}/rerun").status_code == 403
    downstream = {"downstream": True}
    assert app.post(f"/task-runs/{run_id}/rerun", downstream).status_code == 403
    assert app.post(f"/task-runs/{run_id}/rerun", key=ADMINISTRATOR).status_code == 202


def test_an_operator_reruns_what_the_definition_holds(app: App) -> None:
    run_id = app.start({}).json()["runId"]
    app.execute(run_id)
    assert app.post(f"/task-runs/{run_id}/rerun").status_code == 202


def test_a_backfill_uses_the_secrets_of_its_schedule(app: App) -> None:
    now = app.clock()
    body = {"from": (now - timedelta(days=1)).isoformat(), "to": now.isoformat()}
    assert app.post("/tasks/task/backfill", body).status_code in {200, 202}
    assert (
        app.post("/tasks/task/backfill", {**body, "parameters": WAYS["a Secret"]}).status_code
        == 422
    )
    app.execute_all()
    assert set(app.sent) == {f"{GIVEN}-night"}


@pytest.mark.parametrize(
    "output", [OTHER_REFERENCE, "VAULT://kv/other", f" {OTHER_REFERENCE}", f"\t{OTHER_REFERENCE}"]
)
def test_an_output_is_never_a_secret(app: App, output: str) -> None:
    app.platform.reports = [Report(status=ProviderStatus.SUCCESS, outputs={"path": output})]
    run_id = app.post("/tasks/before/run").json()["runId"]
    app.execute(run_id)

    assert app.post("/tasks/after/run").status_code == 422
    app.execute_all()
    assert OTHER not in app.sent


def test_a_text_about_references_is_a_plain_value(app: App) -> None:
    text = "see vault://kv/other"
    assert app.start({"text": text, "data": {"a": text}}).status_code == 202
    app.execute_all()
    assert text in app.texts
    assert OTHER not in app.sent


@pytest.mark.parametrize("key", [OPERATOR, ADMINISTRATOR], ids=["operator", "administrator"])
@pytest.mark.parametrize(
    ("path", "body"),
    [
        ("/tasks/task/run", {"parameters": {"text": "vault://company-vult/other"}}),
        ("/jobs/job/run", {"params": {"text": "vault://company-vult/other"}}),
    ],
)
def test_an_unknown_vault_is_refused_at_once_with_a_suggestion(
    app: App, key: str, path: str, body: Any
) -> None:
    answer = app.post(path, body, key=key)

    assert answer.status_code == 422
    assert [error["path"] for error in answer.json()["errors"]] == [f"{next(iter(body))}.text"]
    assert "there is no vault 'company-vult'" in answer.text
    assert "did you mean 'company-vault'?" in answer.text


def test_an_operator_tests_no_secret_and_changes_no_definition(app: App) -> None:
    reference = {"reference": OTHER_REFERENCE}
    assert app.post("/secrets/test", reference).status_code == 403
    headers = {"x-functions-key": OPERATOR}
    for path in ("/tasks/task", "/jobs/job", "/platforms/lakehouse", "/vaults/kv", "/definitions"):
        assert app.http.put(path, json={}, headers=headers).status_code == 403
    body = {"name": "mine", "parameters": WAYS["a Secret"]}
    assert app.post("/jobs/job/tasks", body).status_code == 403


@pytest.mark.parametrize(
    ("reference", "ok", "said"),
    [
        (OTHER_REFERENCE, True, "vault://kv/other can be read."),
        ("vault://kv/absent", False, "there is no absent"),
    ],
)
def test_an_administrator_tests_a_secret_and_never_sees_it(
    app: App, reference: str, ok: bool, said: str
) -> None:
    answer = app.post("/secrets/test", {"reference": reference}, key=ADMINISTRATOR)

    assert answer.status_code == 200
    assert (answer.json()["ok"], answer.json()["message"]) == (ok, said)
    assert OTHER not in answer.text


@pytest.mark.parametrize(
    ("reference", "status"),
    [("vault://nope/x", 404), ("plain-password", 422), ("vault://kv/", 422), ("x" * 500, 422)],
)
def test_a_reference_that_names_no_vault_is_refused(app: App, reference: str, status: int) -> None:
    answer = app.post("/secrets/test", {"reference": reference}, key=ADMINISTRATOR)

    assert answer.status_code == status
    assert "plain-password" not in answer.text


def test_a_missing_secret_is_reported_with_its_parameter_and_reference(app: App) -> None:
    del app.vaults.values["kv/given"]
    run_id = app.start({}).json()["runId"]
    app.services.attempt_steps.submit(run_id, 1, AttemptMemo())

    error = app.services.task_runs.get(run_id).attempts[0].error
    assert error == "parameter 'key': vault://kv/given cannot be read: there is no given"
