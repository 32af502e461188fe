"""`polysync deadlines`."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi

ANSWER: dict[str, Any] = {
    "upcoming": [{"kind": "Late", "at": "2026-12-02T06:00:00.000Z"}],
    "open": 1,
    "results": [
        {
            "kind": "Late",
            "at": "2026-12-01T06:00:00.000Z",
            "isMet": False,
            "cause": "Running",
            "runId": "r-1",
            "reason": "The run did not succeed.",
            "recoveredAt": "2026-12-01T06:11:00.000Z",
        },
        {
            "kind": "Missing",
            "at": "2026-12-01T05:00:00.000Z",
            "isMet": True,
            "cause": None,
            "runId": None,
            "reason": None,
            "recoveredAt": None,
        },
    ],
}


def test_the_next_deadlines_come_first_and_the_last_results_follow(
    api: FakeApi, polysync: Invoke
) -> None:
    api.on("GET", "/tasks/daily/deadlines", Answer(ANSWER))

    lines = polysync("deadlines", "daily").stdout.splitlines()

    assert lines[2].split() == ["2026-12-02", "06:00:00Z", "Late", "next", "-", "-"]
    assert "Running" in lines[3]
    assert "06:11:00Z" in lines[3]
    assert "The run did not succeed." in lines[3]
    assert lines[4].split()[:4] == ["2026-12-01", "05:00:00Z", "Missing", "met"]


def test_a_task_without_deadlines_says_so(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/tasks/daily/deadlines", Answer({"upcoming": [], "open": 0, "results": []}))

    assert "expects no time" in polysync("deadlines", "daily").stdout


def test_json_is_the_answer(api: FakeApi, polysync: Invoke) -> None:
    api.on("GET", "/tasks/daily/deadlines", Answer(ANSWER))

    assert json.loads(polysync("deadlines", "daily", "--json").stdout) == ANSWER
