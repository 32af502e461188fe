"""`polysync missed`."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi

NOTHING: dict[str, Any] = {
    name: {"items": [], "isComplete": True}
    for name in (
        *("skipped", "fireTimes", "stopped", "dropped", "excluded", "messages"),
        "deadlines",
    )
}
AT = "2026-01-02T06:00:00Z"
SOMETHING: dict[str, Any] = {
    "skipped": [
        {
            "root": {"task": "ingest", "runId": "r-1", "status": "Failed", "error": "No file."},
            "at": AT,
            "isByDesign": False,
            "recoveredBy": "r-9",
            "runs": [{"task": "clean"}, {"task": "report"}],
        },
        {
            "root": {"task": "load", "runId": "r-2", "status": "Succeeded", "error": ""},
            "at": AT,
            "isByDesign": True,
            "recoveredBy": None,
            "runs": [{"task": "alert"}],
        },
    ],
    "fireTimes": [
        {"task": "t", "schedule": "daily", "scheduledTime": AT, "reason": "Missed the fire time."}
    ],
    "stopped": [
        {"task": "p", "schedule": "daily", "cause": "Paused", "pause": {"by": "ann", "reason": "x"}}
    ],
    "dropped": [{"task": "d", "runId": "r-3", "at": AT, "error": "The queue is full."}],
    "excluded": [
        {"task": "e", "schedule": "s", "calendar": "holidays", "day": "2026-01-01", "count": 24}
    ],
    "messages": [{"at": AT, "queue": "run-requests", "reason": "No such task."}],
    "deadlines": [
        {"task": "l", "kind": "Late", "deadline": AT, "cause": "Held", "reason": "It is held."}
    ],
}


def test_every_kind_of_missed_work_has_a_table(api: FakeApi, polysync: Invoke):
    answer = {name: {"items": SOMETHING[name], "isComplete": True} for name in SOMETHING}
    api.on("GET", "/missed", Answer(answer))
    shown = polysync("missed", "--days", "2").stdout
    lines = {" ".join(line.split()) for line in shown.splitlines()}
    assert lines >= {
        "ingest Failed r-1 2026-01-02 06:00:00Z r-9 clean, report",
        "load Succeeded r-2 2026-01-02 06:00:00Z - alert (by design)",
        "t daily 2026-01-02 06:00:00Z Missed the fire time.",
        "p daily Paused by ann: x",
        "d r-3 2026-01-02 06:00:00Z The queue is full.",
        "e s holidays 2026-01-01 24",
        "2026-01-02 06:00:00Z run-requests No such task.",
        "l Late 2026-01-02 06:00:00Z Held - It is held.",
    }
    assert set(api.requests[-1].query) == {"since"}


def test_an_incomplete_list_says_so(api: FakeApi, polysync: Invoke):
    dropped = {"items": SOMETHING["dropped"], "isComplete": False}
    api.on("GET", "/missed", Answer({**NOTHING, "dropped": dropped}))
    assert "Older items are not shown; use a shorter period." in polysync("missed").stdout


def test_nothing_missed_is_one_sentence(api: FakeApi, polysync: Invoke):
    api.on("GET", "/missed", Answer(NOTHING))
    assert polysync("missed").stdout.strip() == "Nothing was missed."
    assert json.loads(polysync("missed", "--json").stdout) == NOTHING
