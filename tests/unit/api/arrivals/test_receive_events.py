"""Tests of the route that receives events, and of the runs that they start."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.run import RunStatus, TaskRun, TriggerType
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform
from tests.fakes.events_of import blob_created, in_event_grid_schema, order_placed

STRUCTURED = "application/cloudevents+json"
BATCH = "application/cloudevents-batch+json"
JOB = a_job(
    parameters=[
        Parameter(name="file", data_type=DataType.STRING, default="none"),
        Parameter(name="size", data_type=DataType.INT),
        Parameter(name="all", data_type=DataType.JSON_ARRAY),
    ]
)


def a_task(name: str = "load", *, enabled: bool = True, **arrival: Any) -> Task:
    fields = {"name": "landing", "source": "lake", **arrival}
    return Task.model_validate(
        {"name": name, "job": JOB.name, "enabled": enabled, "arrivals": [fields]}
    )


def an_app(*tasks: Task) -> FakeApp:
    return FakeApp(a_platform(), JOB, *tasks)


def send(app: FakeApp, event: Any, media_type: str = STRUCTURED) -> Any:
    answer = app.http.post(
        "/api/events", content=json.dumps(event), headers={"Content-Type": media_type}
    )
    assert answer.status_code == 202, answer.text
    return [each for item in answer.json()["items"] for each in item["outcomes"]]


def run_of(app: FakeApp, outcome: Any) -> TaskRun:
    return app.services.task_runs.get(outcome["runId"])


def test_a_new_file_starts_the_task_with_its_values() -> None:
    values = {"file": "${arrival.data.url}", "size": "${arrival.data.contentLength}"}
    app = an_app(a_task(parameters=values))

    (outcome,) = send(app, blob_created("landing/a.csv"))

    run = run_of(app, outcome)
    assert outcome["outcome"] == "Started"
    assert (run.status, run.trigger_type) == (RunStatus.QUEUED, TriggerType.ARRIVAL)
    assert run.arrival is not None
    assert (run.arrival.name, run.arrival.count) == ("landing", 1)
    assert (run.run_id, 1) in app.engine.live


def test_a_repeated_delivery_starts_no_second_run() -> None:
    app = an_app(a_task())
    (first,) = send(app, blob_created(id="1"))

    (second,) = send(app, blob_created(id="2"))

    assert (second["outcome"], second["runId"]) == ("Repeated", first["runId"])


def test_a_new_version_of_a_file_starts_another_run() -> None:
    app = an_app(a_task())
    (first,) = send(app, blob_created(eTag="0x1"))

    (second,) = send(app, blob_created(eTag="0x2"))

    assert second["outcome"] == "Started"
    assert second["runId"] != first["runId"]


def test_an_event_starts_every_task_that_waits_for_it() -> None:
    app = an_app(
        a_task("one"),
        a_task("two", source={"prefix": "/subscriptions/"}),
        a_task("no", suffix=".x"),
    )

    assert {each["task"] for each in send(app, blob_created())} == {"one", "two"}


def test_a_disabled_task_ignores_events() -> None:
    app = an_app(a_task("off", enabled=False), a_task("half", enabled=True))

    outcomes = {each["task"]: each for each in send(app, blob_created())}

    assert outcomes["off"]["outcome"] == "Ignored"
    assert outcomes["off"]["reason"] == "the task is disabled"


def test_an_event_without_a_task_changes_nothing() -> None:
    assert send(an_app(a_task()), order_placed()) == []


def test_a_task_that_no_longer_waits_is_not_started() -> None:
    app = an_app(a_task())
    app.define(a_task(source="other"))

    assert send(app, blob_created()) == []


@pytest.mark.parametrize("value", ["${run.id}", "$${x}", "vault://env/KEY", "a}b$"])
def test_a_value_of_an_event_stays_text(value: str) -> None:
    app = an_app(a_task(source="shop", parameters={"file": "${arrival.subject}{run.id}"}))

    (outcome,) = send(app, order_placed(source="shop", subject=value))

    run = run_of(app, outcome)
    app.services.attempt_steps.submit(run.run_id, 1, AttemptMemo())
    (request,) = app.platform.orders
    assert request.parameters["file"] == value + "{run.id}"


def test_a_value_that_does_not_fit_fails_the_run() -> None:
    app = an_app(a_task(source="shop", parameters={"size": "${arrival.data.size}"}))

    (outcome,) = send(app, order_placed(source="shop"))

    run = run_of(app, outcome)
    assert run.status is RunStatus.FAILED
    assert "has no arrival.data.size" in run.reason


def test_a_batch_of_events_is_received() -> None:
    app = an_app(a_task())

    assert len(send(app, [blob_created("a/1"), blob_created("a/2")], BATCH)) == 2


def test_events_in_the_schema_of_event_grid_are_received() -> None:
    app = an_app(a_task())

    (outcome,) = send(app, [in_event_grid_schema(blob_created())], "application/json")

    assert outcome["outcome"] == "Started"


def test_an_event_in_binary_mode_is_received() -> None:
    app = an_app(
        a_task(
            source="shop",
            filter={"region": "Euro \u20ac"},
            parameters={"size": "${arrival.data.n}"},
        )
    )
    headers = {
        "ce-specversion": "1.0",
        "ce-id": "1",
        "ce-source": "shop",
        "ce-type": "t",
        "ce-region": "Euro%20%E2%82%AC",
        "Content-Type": "application/json; charset=utf-8",
    }

    answer = app.http.post("/api/events", content=b'{"n": 7}', headers=headers)

    (outcome,) = answer.json()["items"][0]["outcomes"]
    assert outcome["outcome"] == "Started"


@pytest.mark.parametrize(
    ("media_type", "body", "status"),
    [
        (STRUCTURED, b"{", 400),
        (STRUCTURED, b"[]", 400),
        (BATCH, b"{}", 400),
        (STRUCTURED, b"{}", 422),
        ("application/json", b'{"task": "daily"}', 422),
        ("application/cloudevents+xml", b"<a/>", 415),
        ("text/plain", b"hello", 415),
    ],
)
def test_another_body_is_refused(media_type: str, body: bytes, status: int) -> None:
    answer = an_app().http.post("/api/events", content=body, headers={"Content-Type": media_type})

    assert answer.status_code == status


def test_event_grid_may_check_the_address_of_a_subscription() -> None:
    check = {
        "eventType": "Microsoft.EventGrid.SubscriptionValidationEvent",
        "data": {"validationCode": "512d38b6"},
    }

    answer = an_app().http.post("/api/events", json=[check])

    assert (answer.status_code, answer.json()) == (200, {"validationResponse": "512d38b6"})


def test_a_sender_of_cloud_events_may_ask_whether_it_may_send() -> None:
    http = an_app().http

    answer = http.options("/api/events", headers={"WebHook-Request-Origin": "eventgrid.azure.net"})

    assert answer.headers["WebHook-Allowed-Origin"] == "eventgrid.azure.net"
    assert "POST" in answer.headers["Allow"]
    other = http.options("/api/tasks", headers={"WebHook-Request-Origin": "eventgrid.azure.net"})
    assert "WebHook-Allowed-Origin" not in other.headers
