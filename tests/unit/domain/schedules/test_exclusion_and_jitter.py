"""Tests of calendars and jitter."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.schedules.fire_times import fire_times, is_excluded, jitter

HOLIDAYS = Calendar.model_validate({"name": "holidays", "dates": ["2026-12-25"]})
CLOSED = Calendar.model_validate(
    {"name": "closed", "ranges": [{"from": "2026-12-28", "to": "2026-12-30"}]}
)
NOON = datetime(2026, 3, 1, 12, tzinfo=UTC)


def a_schedule(**changes: Any) -> Schedule:
    return Schedule(**{"name": "daily", "cron": "0 6 * * *", **changes})


class TestExclusion:
    @pytest.mark.parametrize(
        ("day", "excluded"),
        [(24, False), (25, True), (26, False), (27, False), (28, True), (30, True), (31, False)],
    )
    def test_a_calendar_excludes_dates_and_ranges_including_both_ends(
        self, day: int, excluded: bool
    ):
        after = datetime(2026, 12, day, tzinfo=UTC)
        fire = next(fire_times(a_schedule(), after=after))
        assert is_excluded(fire, [HOLIDAYS, CLOSED]) is excluded

    def test_the_local_date_in_the_schedules_zone_counts(self):
        sydney = a_schedule(time_zone="Australia/Sydney")
        fire = next(fire_times(sydney, after=datetime(2026, 12, 24, 12, tzinfo=UTC)))
        assert (fire.scheduled_time.day, fire.local.day) == (24, 25)
        assert is_excluded(fire, [HOLIDAYS])

    def test_without_calendars_no_date_is_excluded(self):
        assert not is_excluded(next(fire_times(a_schedule(), after=NOON)), [])


class TestJitter:
    @given(st.integers(0, 3600), st.datetimes(timezones=st.just(UTC)))
    def test_jitter_is_within_its_bounds(self, seconds: int, scheduled_time: datetime):
        drawn = jitter("t", a_schedule(jitter_seconds=seconds), scheduled_time)
        assert timedelta() <= drawn <= timedelta(seconds=seconds)

    def test_jitter_is_the_same_every_time_and_in_every_process(self):
        drawn = jitter("sales", a_schedule(jitter_seconds=600), NOON)
        assert drawn == timedelta(seconds=62, milliseconds=822)

    def test_jitter_differs_between_tasks_schedules_and_occurrences(self):
        spread = a_schedule(jitter_seconds=3600)
        others = [
            jitter("a", spread, NOON),
            jitter("b", spread, NOON),
            jitter("a", a_schedule(name="other", jitter_seconds=3600), NOON),
            jitter("a", spread, NOON + timedelta(days=1)),
        ]
        assert len(set(others)) == len(others)

    def test_jitter_spreads_many_tasks_evenly(self):
        spread = a_schedule(jitter_seconds=100)
        drawn = [jitter(f"t{number}", spread, NOON).total_seconds() for number in range(1000)]
        quarters = [sum(low <= each < low + 25 for each in drawn) for low in (0, 25, 50, 75)]
        assert all(200 < number < 300 for number in quarters)
