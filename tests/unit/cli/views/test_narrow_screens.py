"""Tests that every list fits narrow screens without a broken id or link."""

from __future__ import annotations

import io
from datetime import UTC, datetime
from typing import Any

import pytest
from rich.console import Console, RenderableType

from polysync_core.cli.api.answers import HistoryLine, RunAnswer
from polysync_core.cli.layout.fitted_table import Column, FittedTable, Moment, Wrap
from polysync_core.cli.views.definitions.artefacts import artefacts_view
from polysync_core.cli.views.limits.usage import usage_view
from polysync_core.cli.views.platforms.platform_runs import platform_runs_view
from polysync_core.cli.views.runs.explain import explanation_view, gate_view
from polysync_core.cli.views.runs.runs import runs_view
from polysync_core.cli.views.runs.show import run_view
from polysync_core.cli.views.schedules.backfill import backfill_view
from polysync_core.cli.views.schedules.fire_times import fire_times_view
from polysync_core.cli.views.schedules.schedules import schedules_view
from tests.unit.cli.conftest import build_run

ID, OTHER = "r2ylptlsbt5nf5sbwi3fdfz2eh", "rqgm4x3ejp6hn3oudohvvxkrak"
LINK = "https://adb-1234567890123456.7.azuredatabricks.net/?o=1234567890123456#job/11223344/run/9"
TASK = "a-task-with-a-rather-long-name-of-forty-letters"
TIME = "2026-01-01T06:00:00Z"
RUN = build_run("Failed", runId=ID, task=TASK, graphRunId=OTHER, parents=[])
RUN["attempts"][0] |= {"monitorUrl": LINK, "error": f"See {LINK} of run {OTHER}, which failed too."}
RUN["parents"] = [{"task": TASK, "runId": OTHER}]
RUN["parameters"] = {"source": LINK, "key": ID}
HELD = [{"runId": ID, "task": TASK}, {"runId": OTHER, "task": "sleepy"}]
COUNTER = {"used": 2, "limit": 2, "holders": HELD, "queueLength": 2, "queue": HELD}
WAITS = {"kind": "Concurrency", "profile": "two-at-once", "used": 2, "limit": 2, "needs": 1}
HISTORY = {"at": TIME, "from": "Queued", "to": "Skipped", "actor": "dispatcher", "attempt": 1}
STATE = {"by": "api", "at": TIME, "reason": "The source moves to another account."}
FIRE = {"scheduledTime": TIME, "localTime": "2026-01-01T17:00:00+11:00", "runId": ID}

VIEWS: dict[str, list[RenderableType]] = {
    "runs": [runs_view([RunAnswer.decode(RUN)])],
    "show": run_view(
        RunAnswer.decode(RUN),
        [HistoryLine.decode(HISTORY | {"reason": f"Skipped, since run {OTHER} has failed."})],
    ),
    "usage": usage_view({"name": "two-at-once", "type": "Concurrency", "counters": [COUNTER]}),
    "explain": explanation_view(
        {
            "runId": ID,
            "status": "Queued",
            "waitingFor": [WAITS | {"heldBy": HELD}],
            "sentences": [f"Two of two slots are in use, held by {ID}, {OTHER}."],
        }
    ),
    "gate": gate_view(
        {
            "edges": [
                {
                    "upstream": TASK,
                    "condition": "OnSuccess",
                    "held": 1,
                    "tokens": [{"runId": ID, "status": "Succeeded", "finishedAt": TIME}],
                }
            ],
            "sentences": [f"Graph run {OTHER}: waits for {TASK}."],
        }
    ),
    "artefacts": [
        artefacts_view(
            [
                {
                    "externalId": "/Workspace/etl/sales/load-the-orders-of-a-day",
                    "jobType": "DatabricksNotebook",
                    "name": "load-the-orders-of-a-day",
                    "jobs": ["load-orders", "load-orders-again"],
                }
            ]
        )
    ],
    "platform-runs": [
        platform_runs_view(
            [
                {
                    "externalRunId": "112233445566778",
                    "providerStatus": "Success",
                    "providerState": "TERMINATED/SUCCESS",
                    "startedAt": TIME,
                    "finishedAt": TIME,
                    "monitorUrl": LINK,
                }
            ]
        )
    ],
    "schedules": schedules_view(
        {
            "items": [
                {
                    "name": "daily",
                    "cron": "0 6 * * MON-FRI",
                    "timeZone": "America/Argentina/ComodRivadavia",
                    "enabled": True,
                    "paused": STATE,
                    "nextFireTime": TIME,
                }
            ]
        }
    ),
    "fire-times": fire_times_view(
        {
            "items": [
                FIRE
                | {
                    "timeZone": "Australia/Sydney",
                    "schedule": "daily",
                    "remark": "02:30 does not exist on 2026-03-29; runs at 03:00",
                }
            ]
        }
    ),
    "backfill": backfill_view({"runs": [FIRE | {"exists": True}], "count": 1}, dry_run=True),
}
IN_FULL = {
    "runs": [ID],
    "show": [ID, OTHER, LINK],
    "usage": [ID, OTHER],
    "explain": [ID, OTHER],
    "gate": [ID, OTHER, TASK],
    "artefacts": ["/Workspace/etl/sales/load-the-orders-of-a-day"],
    "platform-runs": ["112233445566778", LINK],
    "schedules": ["0 6 * * MON-FRI"],
    "fire-times": ["2026-01-01 17:00:00+11:00"],
    "backfill": [ID],
}


def printed(parts: list[RenderableType], width: int) -> list[str]:
    """Return the lines of a screen of that width."""
    screen = io.StringIO()
    console = Console(file=screen, width=width, color_system=None, force_terminal=True)
    console.print(*parts, sep="\n", crop=False)
    return [line.rstrip() for line in screen.getvalue().splitlines()]


@pytest.mark.parametrize("width", [40, 60, 80, 100, 120, 10_000])
@pytest.mark.parametrize("view", VIEWS)
def test_ids_and_links_are_whole(view: str, width: int) -> None:
    lines = printed(VIEWS[view], width)
    missing = [each for each in IN_FULL[view] if not any(each in line for line in lines)]
    if TASK in missing and width < 60:
        missing.remove(TASK)
    assert missing == []


@pytest.mark.parametrize("width", [60, 80])
@pytest.mark.parametrize("view", VIEWS)
def test_only_a_link_makes_a_line_longer_than_the_screen(view: str, width: int) -> None:
    longer = [line for line in printed(VIEWS[view], width) if len(line) > width]
    assert all(LINK in line for line in longer)


def test_the_runs_of_a_narrow_screen_have_relative_times_and_fewer_columns() -> None:
    runs = [RunAnswer.decode(build_run(runId=ID))]
    view = runs_view(runs)
    view.now = datetime(2026, 1, 1, 6, 3, tzinfo=UTC)

    assert printed([view], 80) == [
        "Run                          Task               Status      Queued    Duration",
        "─" * 78,
        f"{ID}   sales-load-daily   Succeeded   3 m ago   1 m 05 s",
    ]
    assert printed([view], 60)[0].split() == ["Run", "Task", "Status"]


@pytest.mark.parametrize(
    ("at", "expected"),
    [
        (datetime(2026, 1, 1, 6, 0, 0, tzinfo=UTC), "0 s ago"),
        (datetime(2026, 1, 1, 5, 59, 1, tzinfo=UTC), "59 s ago"),
        (datetime(2026, 1, 1, 4, 1, 0, tzinfo=UTC), "1 h ago"),
        (datetime(2025, 12, 2, 6, 0, 0, tzinfo=UTC), "30 d ago"),
        (datetime(2026, 1, 1, 8, 30, 0, tzinfo=UTC), "in 2 h"),
    ],
)
def test_a_short_time_has_its_largest_unit(at: datetime, expected: str) -> None:
    now = datetime(2026, 1, 1, 6, tzinfo=UTC)
    table = FittedTable([Column("A"), Column("B")], now=now)
    table.add(Moment(at), "x" * 20)
    assert printed([table], 35)[2].startswith(expected)


def test_a_table_that_cannot_fit_becomes_a_list_of_facts() -> None:
    table = FittedTable([Column("Run"), Column("Other"), Column("Note", wrap=Wrap.WORDS)])
    table.add(ID, OTHER, "gone")
    table.add(OTHER, None, "")
    assert printed([table], 40) == [
        f"Run    {ID}",
        f"Other  {OTHER}",
        "Note   gone",
        "",
        f"Run    {OTHER}",
    ]


def test_equal_errors_of_attempts_share_a_sentence() -> None:
    run: dict[str, Any] = build_run("Failed")
    attempt = run["attempts"][0] | {"error": "No cluster."}
    run["attempts"] = [attempt | {"number": number} for number in (1, 2, 3)]
    run["attempts"].append(attempt | {"number": 4, "error": "No quota."})

    lines = printed(run_view(RunAnswer.decode(run)), 120)

    assert "Attempts 1 to 3: No cluster." in lines
    assert "Attempt 4: No quota." in lines


def test_show_names_schedule_backfill_and_trace() -> None:
    run = build_run(schedule="nightly", backfillId="bq7c3mzy4ld", traceId="ab" * 16)
    text = "\n".join(printed(run_view(RunAnswer.decode(run)), 80))
    assert all(each in text for each in ("nightly", "bq7c3mzy4ld", "ab" * 16))
