"""Tests of the field `expect`: spellings, stored forms, and contradictions with the Task."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Invalid

DAILY = {"name": "daily", "cron": "0 5 * * *", "timeZone": "Europe/Berlin"}


def a_task(expect: dict[str, Any], *schedules: dict[str, Any], **facts: Any) -> Task:
    raw = {"name": "t", "job": "j", "expect": expect, "schedules": list(schedules), **facts}
    task = read_definition(Kind.TASK, raw)
    assert isinstance(task, Task)
    return task


def refusal(expect: dict[str, Any], *schedules: dict[str, Any], **facts: Any) -> str:
    with pytest.raises(Invalid) as refused:
        a_task(expect, *schedules, **facts)
    return "; ".join(f"{each.path}: {each.message}" for each in refused.value.problems)


@pytest.mark.parametrize(
    ("written", "stored"),
    [
        ("p95x2", "p95x2"),
        ("p95×2", "p95x2"),  # noqa: RUF001 - the sign of a multiplication
        ("P95 X 2", "p95x2"),
        ("p95*2", "p95x2"),
        ("p95", "p95x1"),
        ("p50x1.5", "p50x1.5"),
        ("p99x2.0", "p99x2"),
        (5400, 5400),
        ("5400", 5400),
    ],
)
def test_a_limit_of_the_duration_has_one_stored_form(written: Any, stored: Any) -> None:
    task = a_task({"durationWithin": written})
    assert task.expect is not None
    assert task.expect.duration_within == stored
    assert a_task({"durationWithin": stored}) == task


@pytest.mark.parametrize(
    ("written", "message"),
    [
        ("p95y2", "must be a number of seconds, such as 5400, or a multiple of a percentile"),
        ("p95x0", "must have a factor from 1 to 100"),
        ("p95x101", "must have a factor from 1 to 100"),
        ("p10x2", "must name a percentile from p50 to p99"),
        ("p100x2", "must be a number of seconds"),
        (0, "must be from 1 to"),
        (True, "must be a number of seconds"),
        (1.5, "must be a number of seconds"),
        ("-1", "must be a number of seconds"),
        ("", "must be a number of seconds"),
    ],
)
def test_another_limit_of_the_duration_is_refused(written: Any, message: str) -> None:
    assert f"expect.durationWithin: {message}" in refusal({"durationWithin": written})


@pytest.mark.parametrize(
    ("written", "stored"), [("07:00", "07:00"), ("07:00:00", "07:00"), ("23:59:59", "23:59:59")]
)
def test_a_time_of_day_has_one_stored_form(written: str, stored: str) -> None:
    task = a_task({"finishedBy": written}, DAILY)
    assert task.expect is not None
    assert task.expect.finished_by == stored


@pytest.mark.parametrize("written", ["7:00", "24:00", "07:60", "7am", 420, 1020, "", "07:00Z"])
def test_another_time_of_day_is_refused_with_its_form(written: Any) -> None:
    found = refusal({"finishedBy": written}, DAILY)
    assert found.startswith("expect.finishedBy: must be a time of day in quotes")


def test_the_zone_is_the_one_of_the_field_the_task_or_all_schedules() -> None:
    own = {"finishedBy": "07:00", "timeZone": "Asia/Tokyo"}
    assert a_task(own, DAILY).deadline_zone == "Asia/Tokyo"
    assert a_task({"finishedBy": "07:00"}, DAILY).deadline_zone == "Europe/Berlin"
    plain = {"finishedBy": "07:00"}
    assert a_task(plain, DAILY, timeZone="UTC").deadline_zone == "UTC"


@pytest.mark.parametrize(
    ("expect", "schedules", "found"),
    [
        ({}, [DAILY], "expect.finishedBy: is missing: set finishedBy, startedWithinSeconds"),
        ({"finishedBy": "07:00"}, [], "expect.timeZone: is missing"),
        (
            {"finishedBy": "07:00"},
            [DAILY, DAILY | {"name": "other", "timeZone": "UTC"}],
            "expect.timeZone: is missing",
        ),
        (
            {"durationWithin": 5, "timeZone": "UTC"},
            [DAILY],
            "expect.timeZone: has no effect without finishedBy",
        ),
        (
            {"finishedBy": "07:00", "timeZone": "Berlin"},
            [DAILY],
            "expect.timeZone: is not an IANA time zone",
        ),
        ({"startedWithinSeconds": 600}, [], "add a schedule, or use finishedBy"),
        (
            {"startedWithinSeconds": 600},
            [DAILY | {"jitterSeconds": 600}],
            "expect.startedWithinSeconds: must be more than the jitterSeconds of schedule 'daily'",
        ),
        ({"startedWithinSeconds": 0}, [DAILY], "expect.startedWithinSeconds"),
        ({"finishBy": "07:00"}, [DAILY], "expect.finishBy"),
    ],
)
def test_a_contradiction_names_the_field_and_the_remedy(
    expect: dict[str, Any], schedules: list[dict[str, Any]], found: str
) -> None:
    assert found in refusal(expect, *schedules)
