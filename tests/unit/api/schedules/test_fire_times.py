"""Tests of the route of fire times."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any

import pytest
from fastapi.testclient import TestClient

from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.definitions.tasks import Task
from tests.fakes.app import FakeApp
from tests.fakes.builders import FakeClock

SCHEDULES = (
    Schedule(name="night", cron="30 2 * * *", time_zone="Europe/Berlin", calendars=("holidays",)),
    Schedule(name="off", cron="@hourly", enabled=False),
)
TASK = Task(name="daily", job="j", schedules=SCHEDULES)
HOLIDAYS = Calendar.model_validate({"name": "holidays", "dates": ["2026-03-30"]})


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    clock = FakeClock(datetime(2026, 3, 28, 12, tzinfo=UTC))
    with FakeApp(TASK, HOLIDAYS, clock=clock).http as opened:
        yield opened


def test_fire_times_are_in_utc_and_local_time_with_notes(client: TestClient):
    answer = client.get("/tasks/daily/fire-times", params={"count": 2})

    assert answer.status_code == 200
    night: dict[str, Any] = {"schedule": "night", "timeZone": "Europe/Berlin"}
    assert answer.json() == {
        "items": [
            night
            | {
                "scheduledTime": "2026-03-29T01:00:00.000Z",
                "localTime": "2026-03-29T03:00:00+02:00",
                "startsAt": "2026-03-29T01:00:00.000Z",
                "remark": "02:30 does not exist on 2026-03-29; runs at 03:00",
                "excluded": None,
            },
            night
            | {
                "scheduledTime": "2026-03-30T00:30:00.000Z",
                "localTime": "2026-03-30T02:30:00+02:00",
                "startsAt": "2026-03-30T00:30:00.000Z",
                "remark": None,
                "excluded": "holidays",
            },
        ],
        "notes": ["Schedule off is disabled; its fire times are not listed."],
        "continuationToken": None,
    }


def test_the_default_count_is_ten(client: TestClient):
    assert len(client.get("/tasks/daily/fire-times").json()["items"]) == 10


@pytest.mark.parametrize("count", ["0", "101", "-1", "many"])
def test_a_count_out_of_bounds_is_refused_with_its_field_name(client: TestClient, count: str):
    answer = client.get("/tasks/daily/fire-times", params={"count": count})
    assert answer.status_code == 422
    assert "count" in answer.json()["errors"][0]["path"]


def test_an_unknown_task_is_404(client: TestClient):
    assert client.get("/tasks/nothing/fire-times").status_code == 404
