"""The work for a bad request and the length of its answer are bounded."""

from __future__ import annotations

import json
import time
from typing import Any

import pytest

from polysync_core.domain.errors import MAX_PROBLEMS
from tests.fakes.app import FakeApp
from tests.security.hostile_input.health import LONGEST_WAIT, send_watched

MAX_ANSWER = 256 * 1024
BUDGET = 10
"""Seconds of processor time: far above the usual cost, far below the cost without a bound."""
MANY = 150_000

DEFINITIONS: dict[str, dict[str, Any]] = {
    "/api/vaults/v": {"provider": "Environment"},
    "/api/platforms/p": {
        "type": "AzureDatabricks",
        "auth": {"method": "PersonalAccessToken", "personalAccessToken": "vault://v/T"},
        "attributes": {
            "workspaceUrl": "https://adb-1.2.azuredatabricks.net",
            "computeType": "Serverless",
        },
    },
    "/api/jobs/j": {
        "platform": "p",
        "jobType": "DatabricksNotebook",
        "externalId": "/a",
        "parameters": [{"name": f"p{number}"} for number in range(100)],
    },
    "/api/tasks/t": {"job": "j"},
}


@pytest.fixture
def app() -> FakeApp:
    app = FakeApp()
    for path, body in DEFINITIONS.items():
        assert app.http.put(path, json=body).status_code == 201
    return app


def bounded_errors(
    app: FakeApp, method: str, path: str, body: Any, kind: str = "application/json"
) -> dict[str, Any]:
    """Send a body and return the problem document after a check of its bounds."""
    content = body if isinstance(body, bytes) else json.dumps(body).encode()
    start = time.process_time()
    watched = send_watched(app, method, path, content=content, kind=kind)
    assert time.process_time() - start < BUDGET
    assert watched.longest_wait < LONGEST_WAIT
    answer = watched.answer
    assert answer.status_code in {400, 422}
    assert len(answer.content) <= MAX_ANSWER
    document = answer.json()
    assert 0 < len(document["errors"]) <= MAX_PROBLEMS
    return document


def only_message(document: dict[str, Any]) -> str:
    assert len(document["errors"]) == 1
    return document["errors"][0]["message"]


@pytest.mark.slow
@pytest.mark.parametrize(
    ("path", "body", "field", "limit"),
    [
        ("tasks/x", {"job": "j", "schedules": [{}] * MANY}, "schedules", 100),
        ("tasks/x", {"job": "j", "dependencies": [{}] * MANY}, "dependencies", 200),
        ("tasks/x", {"job": "j", "contentionProfiles": [1] * MANY}, "contentionProfiles", 100),
        (
            "tasks/x",
            {"job": "j", "dependencies": [{"task": "t", "mappings": [{}] * MANY}]},
            "dependencies[0].mappings",
            100,
        ),
        (
            "tasks/x",
            {"job": "j", "schedules": [{"calendars": [1] * MANY}]},
            "schedules[0].calendars",
            100,
        ),
        ("jobs/x", {"platform": "p", "parameters": [{}] * MANY}, "parameters", 500),
        ("calendars/x", {"dates": [1] * MANY}, "dates", 5000),
        ("calendars/x", {"ranges": [{}] * MANY}, "ranges", 1000),
        ("webhooks/x", {"events": {"tasks": [1] * MANY}}, "events.tasks", 100),
        ("definitions", {"tasks": [{}] * MANY}, "tasks", 10_000),
    ],
)
def test_the_length_of_a_list_is_checked_before_its_items(
    app: FakeApp, path: str, body: Any, field: str, limit: int
) -> None:
    document = bounded_errors(app, "PUT", f"/api/{path}", body)

    assert document["errors"][0]["path"] == field
    assert only_message(document) == f"has {MANY} items: at most {limit} are allowed"


@pytest.mark.slow
@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("PUT", "tasks/x", {"job": "j", "tags": None}),
        ("PUT", "tasks/x", {"job": "j", "parameters": None}),
        ("PUT", "jobs/x", {"platform": "p", "settings": None}),
        ("PUT", "platforms/x", {"attributes": None}),
        ("PUT", "tasks/x", None),
        ("PUT", "definitions", {"tasks": [None]}),
        ("PUT", "definitions", None),
        ("POST", "tasks/t/run", {"parameters": None}),
        ("POST", "jobs/j/run", {"params": None}),
    ],
)
def test_the_number_of_fields_is_checked_before_each_field(
    app: FakeApp, method: str, path: str, body: Any
) -> None:
    many = {f"k{number}": 1 for number in range(60_000)}
    text = json.dumps(body).replace("null", json.dumps(many))

    document = bounded_errors(app, method, f"/api/{path}", text.encode())

    assert len(document["errors"]) == 1


def test_the_errors_of_a_request_beyond_a_hundred_are_counted(app: FakeApp) -> None:
    mappings = [{}] * 30
    dependencies = [{"task": f"x{number}", "mappings": mappings} for number in range(20)]

    document = bounded_errors(
        app, "PUT", "/api/tasks/x", {"job": "j", "dependencies": dependencies}
    )

    assert len(document["errors"]) == MAX_PROBLEMS
    assert document["omittedErrors"] == 20 * 30 * 2 - MAX_PROBLEMS
    assert document["detail"].endswith(f"and {20 * 30 * 2 - 3} more")


def test_unknown_fields_of_a_request_are_counted(app: FakeApp) -> None:
    body = {f"k{number}": 1 for number in range(5_000)}

    document = bounded_errors(app, "POST", "/api/tasks/t/run", body)

    assert document["omittedErrors"] == 5_000 - MAX_PROBLEMS


@pytest.mark.slow
def test_yaml_with_too_many_values_is_refused(app: FakeApp) -> None:
    body = b"tasks: [" + b"1," * 199_000 + b"1]"

    bounded_errors(app, "PUT", "/api/definitions", body, "application/yaml")


@pytest.mark.slow
@pytest.mark.parametrize(
    "task",
    [
        {"job": "j", "dependencies": [{"task": f"missing-{'a' * 40}{n}"} for n in range(60)]},
        {"job": "missing", "schedules": [{"name": "s", "cron": "0 0 30 2 *"}]},
        {"job": "j", "schedules": [{"name": "s", "cron": "* * * * *", "timeZone": "Europe/B"}]},
        {"job": "j", "parameters": {f"p{n}x": 1 for n in range(60)}},
        {"job": "j", "unknown": 1, "schedule": []},
    ],
)
def test_suggestions_cost_a_bounded_time(app: FakeApp, task: dict[str, Any]) -> None:
    names = [{"name": f"missing-{'a' * 38}-{number:04}", "job": "j"} for number in range(500)]
    assert app.http.put("/api/definitions", json={"tasks": names}).status_code == 200
    tasks: list[dict[str, Any]] = []
    while len(json.dumps(tasks)) < 700_000:
        tasks += [{"name": f"n{len(tasks) + n}", **task} for n in range(100)]

    document = bounded_errors(app, "PUT", "/api/definitions", {"tasks": tasks})

    meant = [each for each in document["errors"] if "did you mean" in each["message"]]
    assert len(meant) <= 20


def test_a_long_name_is_cut_in_an_error(app: FakeApp) -> None:
    body = {"job": "j", "\u202e" + "\x01😀" * 10_000: 1, "y" * 200_000: 1}

    document = bounded_errors(app, "PUT", "/api/tasks/x", body)

    assert all(len(each["path"].encode()) <= 500 for each in document["errors"])
    assert "\u202e" not in document["detail"]
