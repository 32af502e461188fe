"""Tests that every write of a definition performs its consequences, through the real wiring."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

import pytest

from polysync_core.domain.definitions.base import Definition, Kind
from polysync_core.domain.definitions.document import Reference, read_definition, read_document
from polysync_core.domain.errors import StaleETag, Uncertain
from tests.fakes.app import FakeApp

PLATFORM = {"name": "lakehouse", "type": "AzureDatabricks", "auth": {"method": "DefaultCredential"}}
JOB = {"name": "load", "platform": "lakehouse", "jobType": "DatabricksJob", "externalId": "1"}
MINUTELY = {"name": "minutely", "cron": "* * * * *"}


def a_task(name: str, **fields: Any) -> Definition:
    return read_definition(Kind.TASK, {"name": name, "job": "load"} | fields)


def a_document(**fields: Any) -> dict[str, Any]:
    return {"tasks": [{"name": "child", "job": "load"} | fields]}


@pytest.fixture
def app() -> FakeApp:
    app = FakeApp(
        read_definition(Kind.PLATFORM, PLATFORM),
        read_definition(Kind.JOB, JOB),
        a_task("parent"),
        a_task("child"),
    )
    # Fill the caches, as a process does that has run the Task before.
    app.services.task_graph.downstream("parent")
    app.services.policies.for_run("child", "lakehouse")
    return app


def by_put(app: FakeApp, **fields: Any) -> None:
    app.services.definition_editing.put(a_task("child", **fields), engine=app.engine)


def by_patch(app: FakeApp, **fields: Any) -> None:
    child = Reference(Kind.TASK, "child")
    app.services.definition_editing.patch(child, fields, engine=app.engine)


def by_document(app: FakeApp, **fields: Any) -> None:
    document = read_document(a_document(**fields))
    app.services.documents.apply(document, engine=app.engine)


def by_http(app: FakeApp, **fields: Any) -> None:
    answer = app.http.put("/tasks/child", json={"job": "load"} | fields)
    assert answer.is_success, answer.text


def by_http_document(app: FakeApp, **fields: Any) -> None:
    answer = app.http.put("/definitions", json=a_document(**fields))
    assert answer.is_success, answer.text


WRITES = [by_put, by_patch, by_document, by_http, by_http_document]


@pytest.mark.parametrize("write", WRITES)
def test_every_way_to_write_a_task_performs_every_consequence(
    app: FakeApp, write: Callable[..., None]
) -> None:
    write(
        app,
        dependencies=[{"task": "parent"}],
        schedules=[MINUTELY],
        maxConcurrentRuns=7,
    )
    assert app.services.task_graph.downstream("parent") == ("child",)
    assert app.services.policies.for_run("child", "").tasks["child"].max_concurrent_runs == 7
    assert [each.state.schedule for each in app.services.ports.schedules.of_task("child")] == [
        "minutely"
    ]


def test_a_delete_performs_every_consequence(app: FakeApp) -> None:
    by_put(app, dependencies=[{"task": "parent"}], schedules=[MINUTELY])
    app.services.task_graph.downstream("parent")
    app.services.definition_editing.delete(Reference(Kind.TASK, "child"), engine=app.engine)
    assert app.services.task_graph.downstream("parent") == ()
    assert list(app.services.ports.schedules.of_task("child")) == []


def test_a_write_whose_outcome_is_uncertain_performs_the_consequences_as_well(
    app: FakeApp, monkeypatch: pytest.MonkeyPatch
) -> None:
    writer, ports = app.services.definition_writer, app.services.ports
    child = ports.definitions.get(Kind.TASK, "child")
    put = ports.definitions.put

    def put_and_lose_the_answer(*arguments: Any, **named: Any) -> Any:
        put(*arguments, **named)
        raise Uncertain

    monkeypatch.setattr(ports.definitions, "put", put_and_lose_the_answer)
    with pytest.raises(Uncertain), writer.edit(app.engine) as edit:
        edit.put(a_task("child", dependencies=[{"task": "parent"}]), replacing=child)
    assert app.services.task_graph.downstream("parent") == ("child",)


def test_a_refused_write_has_no_consequence(app: FakeApp) -> None:
    writer, ports = app.services.definition_writer, app.services.ports
    old = ports.definitions.get(Kind.TASK, "child")
    by_put(app, priority=1)
    with pytest.raises(StaleETag), writer.edit(app.engine) as edit:
        edit.put(a_task("child", schedules=[MINUTELY]), replacing=old)
    assert edit.changed == {}
    assert list(ports.schedules.of_task("child")) == []


def test_a_new_webhook_receives_the_next_event_of_this_process(app: FakeApp) -> None:
    def deliveries() -> list[str]:
        return [json.loads(sent.text)["webhook"] for sent in app.queue("webhook-deliveries").sent]

    assert app.http.post("/tasks/child/run", json={}).status_code == 202
    assert deliveries() == []
    body = {"url": "https://hooks.example.com/x", "secret": "vault://local/KEY"}
    app.http.put("/vaults/local", json={"provider": "Environment"}).raise_for_status()
    app.http.put("/webhooks/all", json=body).raise_for_status()
    assert app.http.post("/tasks/child/run", json={}).status_code == 202
    assert deliveries() == ["all"]
    app.http.put("/webhooks/all", json=body | {"enabled": False}).raise_for_status()
    assert app.http.post("/tasks/child/run", json={}).status_code == 202
    assert deliveries() == ["all"]


def test_an_edited_platform_applies_to_the_next_run_of_this_process(app: FakeApp) -> None:
    def shard() -> str:
        accepted = app.http.post("/tasks/child/run", json={}).json()
        return app.services.task_runs.get(accepted["runId"]).shard

    assert shard() == "main"
    app.define(read_definition(Kind.PLATFORM, PLATFORM | {"shard": "west"}))
    assert shard() == "west"
