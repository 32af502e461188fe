"""`polysync usage`."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi

PATH = "/contention-profiles/cap/usage"
ANSWER = {
    "name": "cap",
    "type": "Concurrency",
    "enabled": True,
    "counters": [
        {
            "platform": "lakehouse",
            "used": 4,
            "limit": 4,
            "holders": [{"runId": f"r-{number}"} for number in range(1, 5)],
            "queueLength": 120,
            "queue": [{"runId": "r-5"}],
            "nextStart": None,
        },
        {
            "platform": None,
            "used": 30,
            "limit": 30,
            "holders": [],
            "queueLength": 0,
            "queue": [],
            "nextStart": "2026-01-01T06:00:00Z",
        },
    ],
}


def test_holders_and_waiting_runs_are_shown(api: FakeApi, polysync: Invoke):
    api.on("GET", PATH, Answer(ANSWER))

    result = polysync("usage", "cap")

    rows = [line.split() for line in result.stdout.splitlines()]
    assert rows[0] == ["Contention", "profile", "cap", "(Concurrency):"]
    held = ["lakehouse", "4", "of", "4", "r-1,", "r-2,", "r-3,", "…", "120", "r-5", "-"]
    assert held in rows
    later = ["2026-01-01", "06:00:00Z"]
    assert ["all", "platforms", "30", "of", "30", "-", "0", "-", *later] in rows
    assert result.exit_code == 0


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        pytest.param({"enabled": False}, "is disabled and limits no run.", id="disabled"),
        pytest.param({"counters": []}, "no run under it waits or runs.", id="idle"),
    ],
)
def test_an_unused_profile_is_reported(
    api: FakeApi, polysync: Invoke, changes: dict[str, object], sentence: str
):
    api.on("GET", PATH, Answer({**ANSWER, **changes}))
    assert polysync("usage", "cap").stdout.strip().endswith(sentence)


def test_with_json_the_output_is_the_answer_of_the_api(api: FakeApi, polysync: Invoke):
    api.on("GET", PATH, Answer(ANSWER))
    assert json.loads(polysync("usage", "cap", "--json").stdout) == ANSWER


def test_without_a_profile_all_profiles_are_shown(api: FakeApi, polysync: Invoke):
    idle = {**ANSWER, "name": "idle", "counters": []}
    page = {"items": [ANSWER, idle], "continuationToken": "more"}
    api.on("GET", "/limits", Answer(page))
    shown = polysync("usage", "--limit", "2").stdout
    assert "Contention profile cap (Concurrency):" in shown
    assert "Contention profile idle (Concurrency) is not in use" in shown
    assert shown.strip().endswith("raise --limit, or name one.")
    assert api.requests[-1].query == {"limit": "2"}


def test_an_app_without_profiles_is_reported(api: FakeApi, polysync: Invoke):
    api.on("GET", "/limits", Answer({"items": [], "continuationToken": None}))
    assert polysync("usage").stdout.strip() == "No contention profiles."
