"""`polysync failures`."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi

GROUP = {
    "task": "load",
    "job": "etl",
    "platform": "lakehouse",
    "cause": "Timeout",
    "error": "Stopped after its execution time-out of 60 seconds.",
    "count": 12,
    "firstAt": "2026-01-01T05:00:00.000Z",
    "lastAt": "2026-01-01T06:00:00.000Z",
    "runIds": ["rhsbnbmi7nh7jwwf2c2nipjsuq"],
}


def answer(*groups: dict[str, Any], complete: bool = True) -> Answer:
    return Answer({"groups": [*groups], "examined": 12, "isComplete": complete})


def test_each_group_shows_its_number_newest_run_and_error(api: FakeApi, polysync: Invoke):
    alone = {**GROUP, "task": None, "count": 1}
    api.on("GET", "/failures", answer(GROUP, alone))

    shown = polysync("failures").stdout

    assert all(word in shown for word in ("12", "load", "Timeout", "rhsbnbmi", "time-out of 60"))
    assert "etl" in shown
    assert api.requests[0].query == {"since": "24h"}


def test_the_filters_are_sent(api: FakeApi, polysync: Invoke):
    api.on("GET", "/failures", answer())

    shown = polysync("failures", "--since", "7d", "--cause", "Timeout", "--task", "load").stdout

    assert api.requests[0].query == {"since": "7d", "cause": "Timeout", "task": "load"}
    assert "No failed runs." in shown


def test_an_incomplete_answer_says_so(api: FakeApi, polysync: Invoke):
    api.on("GET", "/failures", answer(GROUP, complete=False), answer(GROUP, complete=False))

    assert "older failed runs" in polysync("failures").stdout
    assert json.loads(polysync("failures", "--json").stdout)["isComplete"] is False
