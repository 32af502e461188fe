"""`polysync backfill`."""

from __future__ import annotations

from typing import Any

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi

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


def test_a_backfill_reports_the_created_runs(api: FakeApi, polysync: Invoke) -> None:
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
    assert "2 fire times: 1 created, 1 exist (backfill b7)." in " ".join(result.stdout.split())


def test_a_dry_run_reports_the_runs_to_create(api: FakeApi, polysync: Invoke) -> None:
    plan = BACKFILL | {"dryRun": True, "created": 0}
    api.on("POST", "/tasks/load/backfill", Answer(plan))
    times = ("--from", "2026-02-01T00:00:00Z", "--to", "2026-02-03T00:00:00Z")
    result = polysync("backfill", "load", *times, "--dry-run")
    assert "2 fire times: 1 to create, 1 exist." in " ".join(result.stdout.split())
