"""Tests that an invalid schedule or calendar is refused with the path and the remedy."""

from __future__ import annotations

from typing import Any

import pytest

from tests.unit.domain.definitions.bad_documents import (
    Break,
    assert_refused,
    change_schedule,
    set_value,
)

CRON = "tasks[1].schedules[0].cron"
BAD: list[Any] = [
    pytest.param(
        change_schedule(calendars=["none"]),
        "tasks[1].schedules[0].calendars[0]",
        "there is no calendar",
        id="dangling calendar",
    ),
    pytest.param(
        change_schedule(parameters={"full": "maybe"}),
        "tasks[1].schedules[0].parameters.full",
        "must be true or false",
        id="schedule's value of a wrong type",
    ),
    pytest.param(change_schedule(cron="0 6 * *"), CRON, "has 4 fields", id="cron of four fields"),
    pytest.param(change_schedule(cron="0 0 6 * * * 2026"), CRON, "has 7 fields", id="seven fields"),
    *(
        pytest.param(change_schedule(cron=cron), CRON, message, id=cron)
        for cron, message in [
            ("0 25 * * *", "the hour '25' is out of range (0 to 23)"),
            ("0 0 25 * * *", "the hour '25' is out of range (0 to 23)"),
            ("0-99 * * * *", "the minute '0-99' is"),
            ("*/0 * * * *", "the minute '*/0' is not valid"),
            ("0 0 32 * *", "the day '32' is out of range (1 to 31, or L)"),
            ("0 0 * 13 *", "the month '13' is out of range (1 to 12, or JAN to DEC)"),
            ("0 0 * JANUARY *", "did you mean 'JAN'?"),
            ("0 6 * * MONDAY", "the weekday 'MONDAY' is not valid"),
            ("0 6 * * MONDAY", "did you mean 'MON'?"),
            ("0 6 * * mon-friday", "did you mean 'FRI'?"),
            ("0 6 * * 8", "the weekday '8' is out of range"),
        ]
    ),
    pytest.param(change_schedule(cron="61 * * * *"), CRON, "out of range", id="minute 61"),
    pytest.param(change_schedule(cron="0 0 30 2 *"), CRON, "never fires", id="30 February"),
    pytest.param(
        change_schedule(cron="0 0 31 4,6,9,11 *"), CRON, "never fires", id="31 of short months"
    ),
    pytest.param(
        change_schedule(cron="*/5 * * * * *"), CRON, "at most once a minute", id="each 5 s"
    ),
    pytest.param(
        change_schedule(cron="0 6 13 * 5#2"), CRON, "two schedules", id="13th and 2nd Friday"
    ),
    pytest.param(
        change_schedule(cron="0 6 15W * 1"), CRON, "two schedules", id="weekday of a weekday"
    ),
    pytest.param(
        change_schedule(cron="0 6 * * 1-7,5#2"), CRON, "two schedules", id="each day and 2nd Friday"
    ),
    pytest.param(
        change_schedule(cron="0 6 * * *,L5"), CRON, "two schedules", id="any day and last Friday"
    ),
    pytest.param(change_schedule(cron="60 0 6 * * *"), CRON, "from 0 to 59", id="second 60"),
    pytest.param(change_schedule(cron="H 6 * * *"), CRON, "jitterSeconds", id="hashed field"),
    pytest.param(
        change_schedule(cron="@reboot"), CRON, "is not one of @yearly", id="unknown @name"
    ),
    pytest.param(
        change_schedule(cron="a b c d e"), CRON, "is not a cron expression", id="cron of words"
    ),
    pytest.param(
        change_schedule(timeZone="Australia/Sidney"),
        "tasks[1].schedules[0].timeZone",
        "did you mean 'Australia/Sydney'?",
        id="unknown zone",
    ),
    pytest.param(
        change_schedule(timeZone="+02:00"),
        "tasks[1].schedules[0].timeZone",
        "such as Europe/Berlin or UTC",
        id="offset for a zone",
    ),
    pytest.param(
        change_schedule(timeZone="../../etc/passwd"),
        "tasks[1].schedules[0].timeZone",
        "is not an IANA time zone",
        id="zone that is a path",
    ),
    pytest.param(
        change_schedule(startAt="2026-02-01T00:00:00Z", endAt="2026-01-01T00:00:00Z"),
        "tasks[1].schedules[0].endAt",
        "must be later than startAt",
        id="start after end",
    ),
    pytest.param(
        change_schedule(startAt="2026-02-01T00:00:00Z", endAt="2026-02-01T01:00:00+01:00"),
        "tasks[1].schedules[0].endAt",
        "must be later than startAt",
        id="start and end at the same time",
    ),
    pytest.param(
        change_schedule(startAt="2026-02-01T00:00:00"),
        "tasks[1].schedules[0].startAt",
        "offset from UTC",
        id="time without a zone",
    ),
    pytest.param(
        change_schedule(misfire="All", overlap="Skip"),
        "tasks[1].schedules[0].overlap",
        "use overlap Queue or misfire Last",
        id="contradictory misfire and overlap",
    ),
    pytest.param(
        change_schedule(misfire="All", overlap="CancelRunning"),
        "tasks[1].schedules[0].overlap",
        "use overlap Queue or misfire Last",
        id="another contradiction of misfire and overlap",
    ),
    pytest.param(
        change_schedule(catchUpSeconds=0),
        "tasks[1].schedules[0].catchUpSeconds",
        "contradicts misfire Last",
        id="catch-up time of zero",
    ),
    pytest.param(
        set_value("tasks", 1, "schedules", to=[{"name": "a", "cron": "@daily"}] * 2),
        "tasks[1].schedules[1].name",
        "'a' is duplicated",
        id="schedule twice",
    ),
    pytest.param(
        set_value("calendars", 0, "dates", to=["2026-02-30"]),
        "calendars[0].dates[0]",
        "must be a date",
        id="calendar with a bad date",
    ),
    pytest.param(
        set_value("calendars", 0, "ranges", to=[{"from": "2026-02-02", "to": "2026-02-01"}]),
        "calendars[0].ranges[0].to",
        "must not be earlier",
        id="range that runs backwards",
    ),
]


@pytest.mark.parametrize(("break_document", "path", "remedy"), BAD)
def test_an_invalid_schedule_is_refused_with_the_path_and_the_remedy(
    break_document: Break, path: str, remedy: str
) -> None:
    assert_refused(break_document, path, remedy)
