"""Tests of the order, the bounds and the number of fire times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from itertools import islice, pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.schedules.fire_times import count_between, fire_times
from polysync_core.domain.schedules.wall_clock import pattern_of
from tests.examples import examples
from tests.unit.domain.schedules.oracle import (
    zone,
)
from tests.unit.domain.schedules.schedule_examples import (
    INSTANT,
    a_schedule,
    begins,
    schedules,
    utc,
)


class TestOrder:
    @pytest.mark.slow
    @examples(40)
    @given(st.data(), schedules())
    def test_fire_times_ascend_and_can_be_continued_after_any_of_them(
        self, data: st.DataObject, schedule: Schedule
    ):
        after = data.draw(begins(schedule.time_zone))

        some = list(islice(fire_times(schedule, after=after), 60))

        assert all(fire.scheduled_time > after for fire in some)
        assert all(one.scheduled_time < two.scheduled_time for one, two in pairwise(some))
        index = data.draw(st.integers(0, len(some) - 1))
        rest = fire_times(schedule, after=some[index].scheduled_time)
        assert list(islice(rest, len(some) - index - 1)) == some[index + 1 :]

    def test_the_bound_after_is_exclusive(self):
        schedule = a_schedule("0 6 * * *", "UTC")
        assert next(fire_times(schedule, after=utc(2026, 1, 1, 6))).scheduled_time == utc(
            2026, 1, 2, 6
        )
        before = utc(2026, 1, 1, 6) - INSTANT
        assert next(fire_times(schedule, after=before)).scheduled_time == utc(2026, 1, 1, 6)

    def test_the_bound_after_may_be_given_in_any_zone(self):
        after = datetime(2026, 1, 1, 7, tzinfo=zone("Europe/Berlin"))
        fire = next(fire_times(a_schedule("0 6 * * *", "UTC"), after=after))
        assert fire.scheduled_time == utc(2026, 1, 2, 6)


class TestBounds:
    def test_the_start_is_included_and_the_end_is_not(self):
        schedule = a_schedule(
            "0 6 * * *", "UTC", start_at=utc(2026, 1, 2, 6), end_at=utc(2026, 1, 5, 6)
        )
        assert [
            fire.scheduled_time.day for fire in fire_times(schedule, after=utc(2020, 1, 1))
        ] == [
            2,
            3,
            4,
        ]
        assert count_between(schedule, after=utc(2020, 1, 1), until=utc(2030, 1, 1), most=9) == 3

    def test_a_schedule_does_not_fire_after_its_end(self):
        schedule = a_schedule("@daily", end_at=utc(2026, 1, 1))
        assert list(fire_times(schedule, after=utc(2026, 1, 1))) == []

    def test_a_date_that_does_not_exist_ends_the_search(self):
        never = pattern_of("0 0 30 2 *")
        assert list(never.times_from(datetime(2026, 1, 1))) == []  # noqa: DTZ001 - a wall clock

    @pytest.mark.parametrize("cron", ["@yearly", "* * * * *", "0 0 29 2 1"])
    @pytest.mark.parametrize("time_zone", ["UTC", "Pacific/Kiritimati", "America/Adak"])
    def test_the_first_and_last_years_of_the_calendar_are_valid(self, cron: str, time_zone: str):
        # An earlier release stored such a time; a definition of today cannot have it.
        at_the_end = {"start_at": datetime.max.replace(tzinfo=timezone(-timedelta(hours=14)))}
        last = a_schedule(cron, time_zone).model_copy(update=at_the_end)
        assert list(fire_times(last, after=utc(2026, 1, 1))) == []
        assert list(fire_times(a_schedule(cron), after=datetime.max.replace(tzinfo=UTC))) == []
        first = datetime.min.replace(tzinfo=UTC)
        assert (
            next(fire_times(a_schedule(cron, time_zone), after=first)).scheduled_time.year >= 1900
        )
        at_the_start = {"start_at": datetime.min.replace(tzinfo=timezone(timedelta(hours=14)))}
        early = a_schedule(cron, time_zone).model_copy(update=at_the_start)
        assert next(fire_times(early, after=utc(2026, 1, 1))).scheduled_time.year >= 2026
        ended = early.model_copy(update={"start_at": None, "end_at": at_the_start["start_at"]})
        assert list(fire_times(ended, after=first)) == []
        assert count_between(last, after=first, until=datetime.max.replace(tzinfo=UTC), most=9) == 0

    def test_iteration_ends_with_the_calendar(self):
        schedule = a_schedule("@yearly", "Pacific/Auckland")
        years = [fire.local.year for fire in fire_times(schedule, after=utc(8995, 6, 1))]
        assert years == [8996, 8997, 8998, 8999, 9000]


class TestCounting:
    @pytest.mark.parametrize(
        ("cron", "expected"),
        [
            pytest.param("* * * * *", 5_258_879, id="each minute"),
            pytest.param("* * * * 1-5", 3_755_519, id="each minute of weekdays"),
            pytest.param("30 2 * * *", 3_652, id="daily"),
            pytest.param("0 0 29 2 *", 2, id="each 29 February"),
        ],
    )
    def test_ten_years_are_counted(self, cron: str, expected: int):
        ten_years = {"after": utc(2026, 1, 1), "until": utc(2036, 1, 1)}
        assert count_between(a_schedule(cron), **ten_years, most=10_000) == expected

    @pytest.mark.slow
    @pytest.mark.parametrize("time_zone", ["UTC", "Europe/Berlin"])
    def test_counting_stops_early_above_the_limit(self, time_zone: str):
        count = count_between(
            a_schedule("* * * * 1-5", time_zone),
            after=utc(1990, 1, 1),
            until=utc(8999, 1, 1),
            most=1000,
        )
        assert 13_000 * 1440 < count < 14_000 * 1440

    @pytest.mark.slow
    def test_a_small_count_is_exact(self):
        schedule = a_schedule("0 0 1 */6 *", "UTC")
        count = count_between(schedule, after=utc(1990, 6, 1), until=utc(2990, 6, 1), most=10_000)
        assert count == 2000


@pytest.mark.parametrize(
    ("one", "other"),
    [
        pytest.param("0 0 * JAN-MAR MON", "0 0 * 1-3 1", id="names"),
        pytest.param("0 0 * * SUN", "0 0 * * 7", id="Sunday is 0 and 7"),
        pytest.param("@Weekly", "0 0 * * 0", id="a name of a schedule"),
        pytest.param("0 30 6 * * *", "30 6 * * *", id="a leading second"),
        pytest.param("*,1-5 6 * * *", "* 6 * * *", id="a star beside numbers"),
        pytest.param("0 0 ? * ?", "0 0 * * *", id="question marks"),
    ],
)
def test_two_expressions_with_the_same_meaning_have_the_same_fire_times(one: str, other: str):
    after = utc(2026, 1, 1)
    same = [list(islice(fire_times(a_schedule(c), after=after), 40)) for c in (one, other)]
    assert same[0] == same[1]


@pytest.mark.parametrize(
    ("cron", "days"),
    [
        pytest.param("0 0 L * *", ["01-31", "02-28", "03-31"], id="the last day of a month"),
        pytest.param("0 0 * * 5#2", ["01-09", "02-13", "03-13"], id="the second Friday"),
        pytest.param("0 0 * * L5", ["01-30", "02-27", "03-27"], id="the last Friday"),
        pytest.param("0 0 1W * *", ["01-01", "02-02", "03-02"], id="the weekday next to the 1st"),
    ],
)
def test_days_may_depend_on_their_position_in_the_month(cron: str, days: list[str]):
    fires = fire_times(a_schedule(cron, "UTC"), after=utc(2025, 12, 31, 12))
    assert [f"{fire.local:%m-%d}" for fire in islice(fires, 3)] == days
