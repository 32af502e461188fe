"""Tests of the routes of schedules and backfills."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest
from starlette.testclient import TestClient

from tests.fakes.scheduled import DAILY, MINUTELY, Scheduled

pytestmark = pytest.mark.slow

RANGE = {"from": "2026-02-01T00:00:00Z", "to": "2026-02-03T10:00:00+11:00"}


@pytest.fixture
def world() -> Scheduled:
    world = Scheduled()
    world.task(DAILY | {"timeZone": "Australia/Sydney"})
    return world


@pytest.fixture(scope="module")
def unchanged() -> Iterator[TestClient]:
    """The app, built once for requests that change nothing."""
    world = Scheduled()
    world.task(DAILY)
    with world.app.http as client:
        yield client


@pytest.fixture
def client(world: Scheduled) -> Iterator[TestClient]:
    with world.app.http as client:
        yield client


def test_schedules_are_paused_with_a_reason_and_resumed(client: TestClient) -> None:
    expected = {
        "name": "daily",
        "cron": "0 6 * * *",
        "timeZone": "Australia/Sydney",
        "enabled": True,
        "taskEnabled": True,
        "paused": None,
        "nextFireTime": "2026-03-01T19:00:00.000Z",
        "lastFireTime": None,
    }
    assert client.get("/tasks/load-daily/schedules").json()["items"] == [expected]
    paused = client.post("/tasks/load-daily/pause", json={"reason": " It moves. "}).json()
    assert paused["items"] == [
        expected
        | {
            "paused": {"reason": "It moves.", "at": "2026-03-01T12:00:00.000Z", "by": "api"},
            "nextFireTime": None,
        }
    ]
    assert client.get("/tasks/load-daily/schedules").json() == paused
    assert client.post("/tasks/load-daily/resume").json()["items"] == [expected]


@pytest.mark.parametrize(
    ("route", "body", "status", "path"),
    [
        pytest.param("pause", {}, 422, "reason", id="no reason"),
        pytest.param("pause", {"reason": "  "}, 422, "reason", id="an empty reason"),
        pytest.param("pause", {"reason": "x" * 1001}, 422, "reason", id="a novel for a reason"),
        pytest.param("pause", {"reason": "x", "schedules": 1}, 422, "schedules", id="a typo"),
        pytest.param("pause", {"reason": "x", "schedule": "gone"}, 404, None, id="no such one"),
        pytest.param("resume", {"schedule": "A/B"}, 422, "schedule", id="no name at all"),
        pytest.param("backfill", {"from": "2026-02-01T00:00:00Z"}, 422, "to", id="no end"),
        pytest.param("backfill", RANGE | {"from": "2026-2-1"}, 422, "from", id="a short date"),
        pytest.param("backfill", RANGE | {"to": "2026-02-30"}, 422, "to", id="no such date"),
        pytest.param("backfill", RANGE | {"to": "yesterday"}, 422, "to", id="a word"),
        pytest.param(
            "backfill", RANGE | {"from": "2026-02-01T00:00:00"}, 422, "from", id="without a zone"
        ),
        pytest.param(
            "backfill", RANGE | {"maxConcurrentRuns": 0}, 422, "maxConcurrentRuns", id="0"
        ),
        pytest.param("backfill", RANGE | {"dryRun": "yes"}, 422, "dryRun", id="a word for a bool"),
        pytest.param("backfill", RANGE | {"to": RANGE["from"]}, 422, "to", id="nothing in between"),
        pytest.param(
            "backfill", RANGE | {"from": "0001-01-01T00:00:00+14:00"}, 422, "from", id="too early"
        ),
    ],
)
def test_a_bad_request_names_the_field(
    unchanged: TestClient, route: str, body: dict[str, Any], status: int, path: str | None
) -> None:
    answer = unchanged.post(f"/tasks/load-daily/{route}", json=body)
    assert answer.status_code == status
    assert answer.headers["content-type"] == "application/problem+json"
    if path is not None:
        assert [error["path"] for error in answer.json()["errors"]] == [path]


def test_an_unknown_task_is_not_found(client: TestClient) -> None:
    assert client.get("/tasks/gone/schedules").status_code == 404
    assert client.post("/tasks/gone/pause", json={"reason": "x"}).status_code == 404
    assert client.post("/tasks/gone/backfill", json=RANGE).status_code == 404


def test_a_dry_run_shows_the_backfill_that_a_request_then_creates_once(
    client: TestClient, world: Scheduled
) -> None:
    plan = client.post("/tasks/load-daily/backfill", json=RANGE | {"dryRun": True})
    assert plan.status_code == 200
    answer = plan.json()
    assert (answer["count"], answer["created"], answer["existing"]) == (2, 0, 0)
    assert answer["runs"][0] == {
        "scheduledTime": "2026-02-01T19:00:00.000Z",
        "localTime": "2026-02-02T06:00:00+11:00",
        "remark": None,
        "runId": None,
        "exists": False,
    }
    made = client.post("/tasks/load-daily/backfill", json=RANGE | {"maxConcurrentRuns": 1})
    assert made.status_code == 202
    assert (made.json()["created"], made.json()["existing"]) == (2, 0)
    again = client.post("/tasks/load-daily/backfill", json=RANGE | {"maxConcurrentRuns": 1}).json()
    assert (again["created"], again["existing"]) == (0, 2)
    assert again["backfillId"] == made.json()["backfillId"]
    assert {each["runId"] for each in again["runs"]} == {run.run_id for run in world.made()}


@pytest.mark.parametrize(("dry", "status"), [(True, 200), (False, None)])
def test_the_audit_log_distinguishes_a_dry_run_from_a_backfill(
    client: TestClient, *, dry: bool, status: int | None
) -> None:
    """Only the request body shows the dry run, and the audit does not read it."""
    assert client.post("/tasks/load-daily/backfill", json=RANGE | {"dryRun": dry}).is_success
    [entry] = client.get("/audit").json()["items"]
    assert entry["status"] == status


def test_too_many_fire_times_are_refused_with_their_number(
    client: TestClient, world: Scheduled
) -> None:
    world.task(MINUTELY)
    answer = client.post(
        "/tasks/load-daily/backfill", json=RANGE | {"from": "2016-02-01T00:00:00Z"}
    )
    assert answer.status_code == 422
    message = answer.json()["errors"][0]["message"]
    assert message.startswith("there are 5263140 fire times from 2016-02-01T00:00:00.000Z")


def test_a_date_is_midnight_in_the_zone_of_the_schedule(client: TestClient) -> None:
    body = {"from": "2026-02-02", "to": "2026-02-03", "dryRun": True}
    (run,) = client.post("/tasks/load-daily/backfill", json=body).json()["runs"]
    assert run["scheduledTime"] == "2026-02-01T19:00:00.000Z"
    exact = {"from": "2026-02-02T00:00:00+11:00", "to": "2026-02-03T00:00:00+11:00"}
    assert client.post("/tasks/load-daily/backfill", json=body | exact).json()["runs"] == [run]


def test_the_schedules_of_a_disabled_task_are_marked(world: Scheduled) -> None:
    world.task(DAILY, enabled=False)
    with world.app.http as client:
        (schedule,) = client.get("/tasks/load-daily/schedules").json()["items"]
    assert (schedule["enabled"], schedule["taskEnabled"]) == (True, False)
    assert schedule["nextFireTime"] is None
