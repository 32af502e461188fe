"""`polysync cron`."""

from __future__ import annotations

import json
from typing import Any

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi

FIRE_TIME = {
    "scheduledTime": "2026-03-29T01:00:00.000Z",
    "localTime": "2026-03-29T03:00:00+02:00",
    "remark": "02:30 does not exist on 2026-03-29; runs at 03:00",
    "excluded": "holidays",
}
ANSWER: dict[str, Any] = {
    "expression": "30 2 * * *",
    "fields": "30 2 * * *",
    "timeZone": "Europe/Berlin",
    "description": "Every day at 02:30",
    "notes": ["A note."],
    "fireTimes": [FIRE_TIME],
    "countInYear": 365,
    "excludedInYear": 1,
    "excludedDates": [{"date": "2026-03-29", "calendar": "holidays", "count": 1}],
    "clockChanges": [{"at": "2026-03-29T01:00:00.000Z", "count": 3, "fireTimes": [FIRE_TIME]}],
}


def test_the_sentence_comes_first_and_the_unexpected_effects_last(api: FakeApi, polysync: Invoke):
    api.on("GET", "/cron", Answer(ANSWER))

    result = polysync("cron", "30 2 * * *", "--zone", "Europe/Berlin", "--calendar", "holidays")

    lines = result.stdout.splitlines()
    assert lines[0] == "Every day at 02:30 (Europe/Berlin): 365 fire times in the next 365 days."
    assert "excluded: holidays; 02:30 does not exist on 2026-03-29" in lines[3]
    assert lines[4:] == [
        "A note.",
        "02:30 does not exist on 2026-03-29; runs at 03:00 (2 more fire times are affected).",
        "Excluded: 2026-03-29 (holidays).",
    ]
    assert api.requests[0].query == {
        "expression": "30 2 * * *",
        "timeZone": "Europe/Berlin",
        "count": "5",
        "calendar": "holidays",
    }


def test_json_is_the_answer_of_the_api(api: FakeApi, polysync: Invoke):
    api.on("GET", "/cron", Answer(ANSWER))

    assert json.loads(polysync("cron", "@daily", "--json").stdout) == ANSWER
