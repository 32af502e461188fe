"""Tests of fire times against an oracle that tests every minute."""

from __future__ import annotations

from datetime import date, datetime, timedelta
from itertools import islice

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from polysync_core.domain.definitions.cron.check import check_cron
from polysync_core.domain.definitions.schedules import Gap, Schedule
from polysync_core.domain.schedules.fire_times import count_between
from polysync_core.domain.schedules.wall_clock import pattern_of
from tests.examples import examples
from tests.unit.domain.schedules.oracle import (
    DAY,
    Fields,
    by_dates,
    by_minutes,
    zone,
)
from tests.unit.domain.schedules.schedule_examples import (
    DATES,
    INSTANT,
    ZONES,
    a_schedule,
    begins,
    fired,
    schedules,
    utc,
)

NOTES = {
    "once": None,
    "moved": "not exist",
    "first": "at the first|is the first",
    "second": "at the second|is the second",
}


@pytest.mark.slow
class TestAgainstTheOracle:
    @examples(60)
    @given(st.data(), schedules())
    def test_every_minute_near_clock_changes_equals_the_oracle(
        self, data: st.DataObject, schedule: Schedule
    ):
        begin = data.draw(begins(schedule.time_zone))
        end = begin + 2 * DAY

        found = fired(schedule, begin, end)

        expected = by_minutes(schedule, begin, end)
        assert [fire.scheduled_time for fire in found] == list(expected)
        for fire in found:
            at_home = fire.scheduled_time.astimezone(zone(schedule.time_zone))
            assert (fire.local.replace(tzinfo=None), fire.local.utcoffset()) == (
                at_home.replace(tzinfo=None),
                at_home.utcoffset(),
            )
            assert fire.local.fold == at_home.fold
            if schedule.gap is Gap.RUN_AFTER:
                wanted = NOTES[expected[fire.scheduled_time]]
                assert (fire.note is None) == (wanted is None)
                assert wanted is None or any(part in str(fire.note) for part in wanted.split("|"))

    @pytest.mark.parametrize("time_zone", ZONES)
    @pytest.mark.parametrize(
        "cron",
        [
            pytest.param("30 2 * * *", id="daily at night"),
            pytest.param("0 0 * * *", id="daily at midnight"),
            pytest.param("15 1,3 29 2 *", id="on 29 February"),
            pytest.param("5 0 31 * 0", id="on the 31st and on Sundays"),
        ],
    )
    def test_every_day_of_several_years_equals_the_oracle(self, cron: str, time_zone: str):
        schedule = a_schedule(cron, time_zone)
        for first, last in ((2010, 2018), (2096, 2101)):
            begin, end = utc(first, 1, 5), utc(last, 12, 25)
            expected = by_dates(schedule, date(first, 1, 1), date(last, 12, 31))

            found = fired(schedule, begin, end)

            assert [fire.scheduled_time for fire in found] == [
                t for t in expected if begin <= t < end
            ]

    @examples(30)
    @given(DATES, st.integers(1996, 2101))
    def test_the_dates_of_an_expression_equal_those_of_the_oracle(self, dates: str, year: int):
        cron = f"0 0 {dates}"
        try:
            check_cron(cron)
        except ValueError:
            assume(False)
        days = (date(year, 1, 1) + number * DAY for number in range(3 * 365))
        expected = [day for day in days if Fields(cron).has_date(day)]

        walls = pattern_of(cron).times_from(datetime(year, 1, 1))  # noqa: DTZ001 - a wall clock

        assert [wall.date() for wall in islice(walls, len(expected))] == expected

    @examples(40)
    @given(st.data(), schedules())
    def test_the_count_equals_the_number_of_fire_times(
        self, data: st.DataObject, schedule: Schedule
    ):
        begin = data.draw(begins(schedule.time_zone))
        end = begin + timedelta(minutes=data.draw(st.integers(-10, 20 * 24 * 60)))

        count = count_between(schedule, after=begin - INSTANT, until=end, most=0)

        assert count == len(fired(schedule, begin, end))
