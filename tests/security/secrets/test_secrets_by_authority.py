"""An Operator's key reads no secret that no definition gave to the Operator."""

from __future__ import annotations

import json
from datetime import timedelta
from typing import Any

import pytest

from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.runs.identity import RunId
from polysync_core.platforms.connector import ProviderStatus, Report
from tests.security.secrets.authority import (
    ADMINISTRATOR,
    GIVEN,
    OPERATOR,
    OTHER,
    OTHER_REFERENCE,
    PLAIN,
    WAYS,
    App,
)


@pytest.fixture
def app() -> App:
    return App()


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


@pytest.mark.parametrize("name", PLAIN)
def test_a_text_that_is_no_reference_is_never_resolved(app: App, name: str) -> None:
    value = PLAIN[name]
    message = json.dumps({"task": "task", "parameters": {"text": value}}).encode()

    assert app.start({"text": value, "both": value, "data": [value]}).status_code == 202
    assert app.post("/jobs/job/run", {"params": {"text": value}}).status_code == 200
    app.services.run_requests.accept("m", message, app.engine)
    app.execute_all()

    assert len(app.platform.orders) == 3
    assert OTHER not in [*app.sent, app.texts]


@pytest.mark.parametrize("field", ["tags", "schedule", "settings", "job", "mappings", "vault"])
def test_a_start_takes_no_other_part_of_a_definition(app: App, field: str) -> None:
    for path, values in (("/tasks/task/run", "parameters"), ("/jobs/job/run", "params")):
        answer = app.post(path, {values: {}, field: {"key": OTHER_REFERENCE}})
        assert answer.status_code == 422
    content = json.dumps({"task": "task", field: {"key": OTHER_REFERENCE}}).encode()
    app.services.run_requests.accept("m", content, app.engine)

    assert list(app.services.ports.runs.active_runs()) == []


def test_an_operator_does_not_rerun_a_secret_that_the_definition_lost(app: App) -> None:
    task: Any = {"job": "job", "parameters": {"key": OTHER_REFERENCE}}
    headers = {"x-functions-key": ADMINISTRATOR}
    assert app.http.put("/tasks/task", json=task, headers=headers).status_code == 200
    run_id = app.start({}).json()["runId"]
    app.execute(run_id)
    assert app.sent == [OTHER]
    task["parameters"] = {"key": "vault://kv/given"}
    assert app.http.put("/tasks/task", json=task, headers=headers).status_code == 200

    assert app.post(f"/task-runs/{run_id}/rerun").status_code == 403


def test_the_idempotency_key_of_an_administrator_opens_no_other_start(app: App) -> None:
    secret = {"parameters": {"text": OTHER_REFERENCE}}
    headers = {"idempotency-key": "k"}

    def start(body: Any, key: str) -> int:
        sent = {**headers, "x-functions-key": key}
        return app.http.post("/tasks/task/run", json=body, headers=sent).status_code

    assert start({"parameters": {}}, ADMINISTRATOR) == 202
    assert start(secret, OPERATOR) == 409
    app.execute_all()
    assert OTHER not in app.sent


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


@pytest.mark.parametrize(
    "output", [OTHER_REFERENCE, "VAULT://kv/other", f"\u200b{OTHER_REFERENCE}", "v\tault://kv/x"]
)
def test_a_dependency_hands_on_no_reference(app: App, output: str) -> None:
    app.platform.reports = [Report(status=ProviderStatus.SUCCESS, outputs={"path": output})]
    run_id = RunId(app.post("/tasks/before/run").json()["runId"])
    app.execute(run_id)
    app.services.dependent_notifier.notify(run_id, ["after"])
    app.execute_all()

    (failed,) = app.http.get("/task-runs?task=after", headers={"x-functions-key": OPERATOR}).json()[
        "items"
    ]
    assert (failed["status"], failed["attempts"][0]["cause"]) == ("Failed", "Parameters")
    assert "is a secret reference" in failed["attempts"][0]["error"]
    assert app.sent == []


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
