"""Tests of the year ahead of a schedule against its single fire times."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from polysync_core.domain.definitions.schedules import Calendar, DateRange, Gap, Schedule
from polysync_core.domain.schedules.offset_changes import start_of_day
from polysync_core.domain.schedules.outlook import YearOutlook, year_outlook
from tests.examples import examples
from tests.unit.domain.schedules.oracle import local
from tests.unit.domain.schedules.schedule_examples import (
    ZONES,
    a_schedule,
    begins,
    fired,
    schedules,
    utc,
)

_YEAR = timedelta(days=365)
_INSTANT = timedelta(microseconds=1)


def per_day(outlook: YearOutlook) -> dict[date, int]:
    return {each.day: each.count for each in outlook.days}


def expected_per_day(schedule: Schedule, after: datetime) -> dict[date, int]:
    fires = fired(schedule, after + _INSTANT, after + _YEAR)
    return dict(Counter(fire.local.date() for fire in fires))


@pytest.mark.slow
class TestAgainstSingleFireTimes:
    @examples(15)
    @given(st.data(), schedules())
    def test_the_dates_and_counts_are_those_of_the_fire_times(
        self, data: st.DataObject, schedule: Schedule
    ):
        # St. John's once set its clocks back from 00:01, so a date began twice.
        assume(schedule.time_zone != "America/St_Johns")
        hourly = schedule.cron.split()
        if hourly[-5] == "*":
            schedule = schedule.model_copy(update={"cron": " ".join(["7", *hourly[-4:]])})
        after = data.draw(begins(schedule.time_zone))

        outlook = year_outlook(schedule, [], after=after)

        assert per_day(outlook) == expected_per_day(schedule, after)

    @pytest.mark.parametrize("zone", ZONES)
    @pytest.mark.parametrize("gap", list(Gap))
    @pytest.mark.parametrize("after", [utc(2010, 6, 1), utc(2011, 6, 1), utc(2026, 1, 1)])
    def test_clock_changes_of_every_kind_are_counted(self, zone: str, gap: Gap, after: datetime):
        schedule = a_schedule("30 0,2,23 * * *", zone, gap=gap)

        assert per_day(year_outlook(schedule, [], after=after)) == expected_per_day(schedule, after)


class TestYear:
    def test_it_ends_after_365_days(self):
        outlook = year_outlook(a_schedule("0 6 * * *", "UTC"), [], after=utc(2026, 1, 1))

        assert (outlook.count, outlook.days[-1].day) == (365, date(2026, 12, 31))

    def test_an_expression_of_every_minute_is_counted(self):
        outlook = year_outlook(a_schedule("* * * * *"), [], after=utc(2026, 1, 1))

        assert outlook.count == 365 * 24 * 60 - 1

    def test_it_keeps_within_start_and_end(self):
        schedule = a_schedule(
            "0 6 * * *", "UTC", start_at=utc(2026, 3, 1, 6), end_at=utc(2026, 3, 4, 6)
        )

        outlook = year_outlook(schedule, [], after=utc(2026, 1, 1))

        assert [each.day.day for each in outlook.days] == [1, 2, 3]

    def test_an_ended_schedule_has_no_days(self):
        schedule = a_schedule("0 6 * * *", "UTC", end_at=utc(2026, 1, 1))

        assert year_outlook(schedule, [], after=utc(2026, 2, 1)).days == ()

    def test_excluded_dates_name_their_calendar(self):
        calendar = Calendar(
            name="close",
            dates=(date(2026, 12, 25), date(2026, 12, 27)),
            ranges=(DateRange(from_date=date(2026, 12, 30), to_date=date(2027, 1, 3)),),
        )
        schedule = a_schedule("0 6,18 * * MON-FRI", "UTC")

        outlook = year_outlook(schedule, [calendar], after=utc(2026, 12, 1))

        excluded = [(f"{each.day:%m-%d}", each.excluded_by) for each in outlook.excluded_days]
        assert excluded == [
            ("12-25", "close"),
            ("12-30", "close"),
            ("12-31", "close"),
            ("01-01", "close"),
        ]
        assert outlook.excluded == 8
        assert outlook.count == sum(each.count for each in outlook.days) - 8

    def test_clock_changes_have_their_notes(self):
        outlook = year_outlook(a_schedule("30 2 * * *"), [], after=utc(2026, 1, 1))

        notes = [fire.note for each in outlook.affected for fire in each.fires]
        assert notes == [
            "02:30 does not exist on 2026-03-29; runs at 03:00",
            "02:30 occurs twice on 2026-10-25; runs at the first only",
        ]

    def test_a_skipped_time_is_noted_at_the_next_fire_time(self):
        schedule = a_schedule("30 2 * * *", gap=Gap.SKIP)

        spring = year_outlook(schedule, [], after=utc(2026, 1, 1)).affected[0]

        assert spring.fires[0].note == "02:30 does not exist on 2026-03-29; skipped"
        assert spring.fires[0].local.date() == date(2026, 3, 30)

    def test_unaffected_clock_changes_are_listed_apart(self):
        outlook = year_outlook(a_schedule("0 6 * * *"), [], after=utc(2026, 1, 1))

        assert (len(outlook.clock_changes), outlook.affected) == (2, ())

    def test_many_noted_fire_times_are_counted(self):
        outlook = year_outlook(a_schedule("* * * * *"), [], after=utc(2026, 6, 1))

        autumn = outlook.affected[0]
        assert (autumn.count, len(autumn.fires)) == (120, 4)


class TestStartOfDay:
    @pytest.mark.parametrize("zone", ZONES)
    @pytest.mark.parametrize("year", [2007, 2011, 2014, 2018, 2026])
    def test_it_is_the_first_instant_with_the_date(self, zone: str, year: int):
        day, hour = date(year, 1, 1), timedelta(minutes=30)
        while day.year == year:
            start = start_of_day(zone, day)
            assert start.tzinfo is UTC
            assert local(start, zone).date() >= day
            # St. John's once set its clocks back from 00:01, so a date began twice.
            assert zone == "America/St_Johns" or local(start - hour, zone).date() < day
            day += timedelta(days=1)
