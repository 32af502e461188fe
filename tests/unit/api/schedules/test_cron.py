"""Tests of the route that explains a cron expression."""

from __future__ import annotations

from collections.abc import Iterator
from datetime import UTC, datetime

import pytest
from fastapi.testclient import TestClient

from polysync_core.domain.definitions.schedules import Calendar
from tests.fakes.app import FakeApp
from tests.fakes.builders import FakeClock

HOLIDAYS = Calendar.model_validate({"name": "holidays", "dates": ["2026-03-30"]})


@pytest.fixture(scope="module")
def client() -> Iterator[TestClient]:
    clock = FakeClock(datetime(2026, 3, 28, tzinfo=UTC))
    with FakeApp(HOLIDAYS, clock=clock).http as opened:
        yield opened


def test_it_answers_with_words_fire_times_and_the_year(client: TestClient):
    answer = client.get(
        "/cron",
        params={
            "expression": "30 2 * * 1-7",
            "timeZone": "Europe/Berlin",
            "calendar": ["holidays"],
            "count": 3,
        },
    )

    assert answer.status_code == 200
    assert answer.json() == {
        "expression": "30 2 * * 1-7",
        "fields": "30 2 * * 1-7",
        "timeZone": "Europe/Berlin",
        "description": "Every day at 02:30",
        "notes": ["Weekdays count from 0 for Sunday: 1 is Monday and 7 is Sunday."],
        "fireTimes": [
            {
                "scheduledTime": "2026-03-28T01:30:00.000Z",
                "localTime": "2026-03-28T02:30:00+01:00",
                "remark": None,
                "excluded": None,
            },
            {
                "scheduledTime": "2026-03-29T01:00:00.000Z",
                "localTime": "2026-03-29T03:00:00+02:00",
                "remark": "02:30 does not exist on 2026-03-29; runs at 03:00",
                "excluded": None,
            },
            {
                "scheduledTime": "2026-03-30T00:30:00.000Z",
                "localTime": "2026-03-30T02:30:00+02:00",
                "remark": None,
                "excluded": "holidays",
            },
        ],
        "countInYear": 364,
        "excludedInYear": 1,
        "excludedDates": [{"date": "2026-03-30", "calendar": "holidays", "count": 1}],
        "clockChanges": [
            {
                "at": "2026-03-29T01:00:00.000Z",
                "count": 1,
                "fireTimes": [
                    {
                        "scheduledTime": "2026-03-29T01:00:00.000Z",
                        "localTime": "2026-03-29T03:00:00+02:00",
                        "remark": "02:30 does not exist on 2026-03-29; runs at 03:00",
                        "excluded": None,
                    }
                ],
            },
            {
                "at": "2026-10-25T01:00:00.000Z",
                "count": 1,
                "fireTimes": [
                    {
                        "scheduledTime": "2026-10-25T00:30:00.000Z",
                        "localTime": "2026-10-25T02:30:00+02:00",
                        "remark": "02:30 occurs twice on 2026-10-25; runs at the first only",
                        "excluded": None,
                    }
                ],
            },
        ],
    }


def test_the_rules_of_a_schedule_apply(client: TestClient):
    query = {"expression": "30 2 * * *", "timeZone": "Europe/Berlin", "gap": "Skip", "count": 2}
    second = client.get("/cron", params=query).json()["fireTimes"][1]

    assert second["localTime"] == "2026-03-30T02:30:00+02:00"
    assert second["remark"] == "02:30 does not exist on 2026-03-29; skipped"


@pytest.mark.parametrize(
    ("query", "path", "message"),
    [
        ({"expression": "61 * * * *"}, "expression", "the minute '61' is out of range"),
        ({"expression": "0 0 30 2 *"}, "expression", "never fires"),
        ({"expression": "@reboot"}, "expression", "is not one of @yearly"),
        ({"expression": "@daily", "timeZone": "Europe/Berln"}, "timeZone", "Europe/Berlin"),
        ({"expression": "@daily", "calendar": ["holiday"]}, "calendars[0]", "holidays"),
        ({"expression": "@daily", "calendar": ["No"]}, "calendars[0]", "a name is"),
        ({"expression": "@daily", "gap": "Jump"}, "gap", "RunAfter"),
        ({"expression": "@daily", "count": "0"}, "count", "1"),
        ({}, "expression", "required"),
    ],
)
def test_a_wrong_value_is_refused_with_its_parameter(
    client: TestClient, query: dict[str, str], path: str, message: str
):
    answer = client.get("/cron", params=query)

    assert answer.status_code == 422
    assert [(each["path"], message in each["message"]) for each in answer.json()["errors"]] == [
        (path, True)
    ]
