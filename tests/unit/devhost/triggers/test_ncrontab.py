"""The due times of timer triggers."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone

import pytest

from devhost.triggers.ncrontab import BadSchedule, parse, span

MONDAY = datetime(2026, 11, 23, 10, 15, 30, 500000, tzinfo=UTC)


@pytest.mark.parametrize(
    ("text", "due"),
    [
        pytest.param("0 * * * * *", "2026-11-23T10:16:00", id="every full minute"),
        pytest.param("*/10 * * * * *", "2026-11-23T10:15:40", id="every ten seconds"),
        pytest.param("* * * * * *", "2026-11-23T10:15:31", id="every second"),
        pytest.param("*/5 * * * *", "2026-11-23T10:20:00", id="five fields begin at minutes"),
        pytest.param("0 30 9 * * 1-5", "2026-11-24T09:30:00", id="half past nine on workdays"),
        pytest.param("0 0 0 * * SUN", "2026-11-29T00:00:00", id="a day of the week by name"),
        pytest.param("0 0 0 1 JAN *", "2027-01-01T00:00:00", id="a month by name"),
        pytest.param("0 0 0 29 2 *", "2028-02-29T00:00:00", id="the next leap day"),
        pytest.param("0 0 0 13 * FRI", "2027-08-13T00:00:00", id="both day fields must match"),
    ],
)
def test_an_expression_falls_due_in_utc(text: str, due: str) -> None:
    assert parse(text).next_after(MONDAY) == datetime.fromisoformat(due).replace(tzinfo=UTC)


def test_a_moment_in_another_zone_is_the_same_moment() -> None:
    elsewhere = MONDAY.astimezone(timezone(timedelta(hours=5, minutes=30)))

    assert parse("0 0 12 * * *").next_after(elsewhere) == datetime(2026, 11, 23, 12, tzinfo=UTC)


def test_a_time_that_is_due_just_now_is_not_due_again() -> None:
    noon = datetime(2026, 11, 23, 12, tzinfo=UTC)

    assert parse("0 0 12 * * *").next_after(noon) == noon + timedelta(days=1)


def test_a_day_that_does_not_exist_is_never_due() -> None:
    assert parse("0 0 0 30 2 *").next_after(MONDAY) is None


def test_a_time_span_counts_from_the_current_time() -> None:
    assert parse("00:05:00").next_after(MONDAY) == MONDAY + timedelta(minutes=5)


@pytest.mark.parametrize(
    "text", ["", "* * * *", "61 * * * * *", "* * * * * * *", "often", "0 0 25 * * *", "00:00:00"]
)
def test_an_invalid_schedule_is_refused(text: str) -> None:
    with pytest.raises(BadSchedule):
        parse(text)


def test_a_time_span_may_have_days() -> None:
    assert span("1.02:03:04") == timedelta(days=1, hours=2, minutes=3, seconds=4)
