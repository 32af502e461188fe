"""The commands around schedules."""

from __future__ import annotations

import json
from collections.abc import Callable
from typing import Any

from typer.testing import Result

from tests.unit.cli.fake_api import Answer, FakeApi

type Invoke = Callable[..., Result]

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
BACKFILL: dict[str, Any] = {
    "backfillId": "b7",
    "schedule": "daily",
    "dryRun": False,
    "count": 2,
    "created": 1,
    "existing": 1,
    "runs": [
        {
            "scheduledTime": "2026-02-01T19:00:00.000Z",
            "localTime": "2026-02-02T06:00:00+11:00",
            "remark": None,
            "runId": "r-1",
            "exists": True,
        },
        {
            "scheduledTime": "2026-02-02T19:00:00.000Z",
            "localTime": "2026-02-03T06:00:00+11:00",
            "remark": None,
            "runId": "r-2",
            "exists": False,
        },
    ],
}


def test_pausing_asks_for_a_reason_and_shows_it(api: FakeApi, polysync: Invoke) -> None:
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


def test_resuming_shows_what_is_next(api: FakeApi, polysync: Invoke) -> None:
    resumed = PAUSED["items"][0] | {"paused": None, "nextFireTime": "2026-03-02T06:00:00.000Z"}
    api.on("POST", "/tasks/load/resume", Answer({"items": [resumed]}))
    result = polysync("resume", "load")
    assert api.requests[-1].body == {"schedule": None}
    assert "enabled" in result.stdout


def test_a_task_without_schedules_is_said_to_have_none(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/tasks/load/schedules", Answer({"items": []}))
    assert "no schedules" in polysync("schedules", "load").stdout


def test_a_backfill_tells_what_it_made(api: FakeApi, polysync: Invoke) -> None:
    api.on("POST", "/tasks/load/backfill", Answer(BACKFILL, status=202))
    times = ("--from", "2026-02-01T00:00:00Z", "--to", "2026-02-03T00:00:00Z")
    result = polysync("backfill", "load", *times, "--schedule", "daily", "--max-concurrent", "4")
    assert result.exit_code == 0
    assert api.requests[-1].body == {
        "from": "2026-02-01T00:00:00Z",
        "to": "2026-02-03T00:00:00Z",
        "schedule": "daily",
        "maxConcurrentRuns": 4,
        "priority": None,
        "dryRun": False,
    }
    assert "2 fire times: 1 are created, 1 exist (backfill b7)." in " ".join(result.stdout.split())


def test_a_dry_run_tells_what_would_be_made(api: FakeApi, polysync: Invoke) -> None:
    plan = BACKFILL | {"dryRun": True, "created": 0}
    api.on("POST", "/tasks/load/backfill", Answer(plan))
    times = ("--from", "2026-02-01T00:00:00Z", "--to", "2026-02-03T00:00:00Z")
    result = polysync("backfill", "load", *times, "--dry-run")
    assert "2 fire times: 1 would be created, 1 exist." in " ".join(result.stdout.split())
