"""`polysync schedules`, `polysync pause` and `polysync resume`."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi

PAUSED: dict[str, Any] = {
    "items": [
        {
            "name": "daily",
            "cron": "0 6 * * *",
            "timeZone": "Australia/Sydney",
            "enabled": True,
            "paused": {
                "reason": "The [red]source[/red] moves.",
                "at": "2026-03-01T12:00:00.000Z",
                "by": "api",
            },
            "nextFireTime": None,
            "lastFireTime": "2026-03-01T06:00:00.000Z",
        }
    ],
    "continuationToken": None,
}


def test_a_pause_requires_a_reason_and_shows_it(api: FakeApi, polysync: Invoke) -> None:
    api.on("POST", "/tasks/load/pause", Answer(PAUSED))
    assert polysync("pause", "load").exit_code == 2
    result = polysync("pause", "load", "--reason", "The source moves.", "--schedule", "daily")
    assert result.exit_code == 0
    assert api.requests[-1].body == {"reason": "The source moves.", "schedule": "daily"}
    text = " ".join(result.stdout.split())
    assert "paused by api at" in text
    assert "[red]source[/red]" in text


def test_schedules_are_listed(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/tasks/load/schedules", Answer(PAUSED))
    assert "2026-03-01" in polysync("schedules", "load").stdout
    assert json.loads(polysync("schedules", "load", "--json").stdout) == PAUSED


def test_a_resume_shows_the_enabled_schedules(api: FakeApi, polysync: Invoke) -> None:
    resumed = PAUSED["items"][0] | {"paused": None, "nextFireTime": "2026-03-02T06:00:00.000Z"}
    api.on("POST", "/tasks/load/resume", Answer({"items": [resumed]}))
    result = polysync("resume", "load")
    assert api.requests[-1].body == {"schedule": None}
    assert "enabled" in result.stdout


def test_a_task_without_schedules_is_reported(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/tasks/load/schedules", Answer({"items": []}))
    assert "no schedules" in polysync("schedules", "load").stdout


def test_the_schedules_of_a_disabled_task_say_so(api: FakeApi, polysync: Invoke):
    item = {"name": "daily", "cron": "0 6 * * *", "timeZone": "UTC", "enabled": True}
    api.on("GET", "/tasks/t/schedules", Answer({"items": [item | {"taskEnabled": False}]}))

    output = polysync("schedules", "t").stdout

    assert "the task is disabled" in output
    assert "no schedule fires until the task is enabled" in output
