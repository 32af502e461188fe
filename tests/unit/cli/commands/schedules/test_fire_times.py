"""`polysync fire-times`."""

from __future__ import annotations

import json

import pytest

from tests.unit.cli.conftest import Invoke
from tests.unit.cli.fake_api import Answer, FakeApi

ANSWER = {
    "items": [
        {
            "schedule": "night",
            "scheduledTime": "2026-03-29T01:00:00.000Z",
            "localTime": "2026-03-29T03:00:00+02:00",
            "timeZone": "Europe/Berlin",
            "startsAt": "2026-03-29T01:01:02.000Z",
            "remark": "02:30 does not exist on 2026-03-29; runs at 03:00",
            "excluded": "holidays",
        },
        {
            "schedule": "noon",
            "scheduledTime": "2026-03-29T12:00:00.000Z",
            "localTime": "2026-03-29T12:00:00+00:00",
            "timeZone": "UTC",
            "startsAt": "2026-03-29T12:00:00.000Z",
            "remark": None,
            "excluded": None,
        },
    ],
    "notes": ["Schedule off is disabled; its fire times are not listed."],
    "continuationToken": None,
}


def test_each_fire_time_is_one_line_and_the_notes_follow(api: FakeApi, polysync: Invoke):
    api.on("GET", "/tasks/daily/fire-times", Answer(ANSWER))

    result = polysync("fire-times", "daily", "--count", "2")

    lines = result.stdout.splitlines()
    assert lines[0].split() == ["Fires", "Local", "time", "Zone", "Schedule", "Note"]
    assert lines[2].startswith("2026-03-29 01:00:00Z   2026-03-29 03:00:00+02:00   Europe/Berlin")
    assert lines[2].endswith(
        "excluded: holidays; 02:30 does not exist on 2026-03-29; runs at 03:00; "
        "starts 1 m 02 s later (jitter)"
    )
    assert lines[3].split()[-2:] == ["noon", "-"]
    assert lines[4] == "Schedule off is disabled; its fire times are not listed."
    assert api.requests[0].query == {"count": "2"}
    assert result.exit_code == 0


def test_only_the_notes_are_shown_if_the_task_does_not_fire(api: FakeApi, polysync: Invoke):
    answer = {"items": [], "notes": ["Task daily has no schedules."]}
    api.on("GET", "/tasks/daily/fire-times", Answer(answer))
    assert polysync("fire-times", "daily").stdout == "Task daily has no schedules.\n"


def test_with_json_the_output_is_the_answer_of_the_api(api: FakeApi, polysync: Invoke):
    api.on("GET", "/tasks/daily/fire-times", Answer(ANSWER))
    assert json.loads(polysync("fire-times", "daily", "--json").stdout) == ANSWER


def test_a_count_above_the_limit_of_the_api_is_a_usage_error(api: FakeApi, polysync: Invoke):
    assert polysync("fire-times", "daily", "--count", "101").exit_code == 2
    assert api.requests == []


def test_without_a_task_the_fire_times_of_all_tasks_are_shown(api: FakeApi, polysync: Invoke):
    items = [{**each, "task": f"task-{number}"} for number, each in enumerate(ANSWER["items"])]
    answer = {"items": items, "continuationToken": "more", "completeUntil": None}
    api.on("GET", "/fire-times", Answer(answer))
    text = polysync("fire-times", "--count", "2", "--days", "3").stdout
    assert text.splitlines()[0].split() == [
        "Fires", "Local", "time", "Zone", "Task", "Schedule", "Note",
    ]  # fmt: skip
    assert "task-1   noon" in text
    assert text.strip().endswith("More fire times follow: raise --count.")
    assert set(api.requests[0].query) == {"limit", "to"}


def test_a_list_that_ends_early_says_so(api: FakeApi, polysync: Invoke):
    items = [{**ANSWER["items"][1], "task": "a"}]
    answer = {"items": items, "continuationToken": None, "completeUntil": "2026-03-29T12:00:00Z"}
    api.on("GET", "/fire-times", Answer(answer))
    assert "the list ends at 2026-03-29 12:00:00Z." in polysync("fire-times").stdout
    nothing = {"items": [], "continuationToken": None, "completeUntil": None}
    api.on("GET", "/fire-times", Answer(nothing))
    assert polysync("fire-times").stdout.strip() == "No schedule fires in this window."


def test_later_days_begin_at_midnight_in_utc(api: FakeApi, polysync: Invoke):
    empty = Answer({"items": [], "continuationToken": None, "completeUntil": None})
    api.on("GET", "/fire-times", empty)

    assert polysync("fire-times", "--from", "2027-03-25", "--days", "7").exit_code == 0

    assert (api.requests[0].query["from"], api.requests[0].query["to"]) == (
        "2027-03-25T00:00:00.000Z",
        "2027-04-01T00:00:00.000Z",
    )


@pytest.mark.parametrize(
    "words", [["--from", "soon"], ["--from", "9999-12-31"], ["t", "--from", "2027-03-25"]]
)
def test_a_wrong_first_day_is_refused(api: FakeApi, polysync: Invoke, words: list[str]):
    assert polysync("fire-times", *words).exit_code == 2
    assert api.requests == []
