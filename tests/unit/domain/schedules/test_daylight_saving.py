"""Tests of fire times at the changes of daylight saving."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import pytest

from polysync_core.domain.definitions.schedules import Schedule
from tests.unit.domain.schedules.oracle import (
    zone,
)
from tests.unit.domain.schedules.schedule_examples import a_schedule, fired, utc


def berlin(*parts: int, fold: int = 0) -> datetime:
    return datetime(*parts, tzinfo=zone("Europe/Berlin"), fold=fold).astimezone(UTC)  # type: ignore[arg-type, misc]


GAP = (2026, 3, 29)
FOLD = (2026, 10, 25)
GOLDEN: list[Any] = [
    pytest.param(
        a_schedule("30 2 * * *"),
        GAP,
        [("01:00", "03:00", "02:30 does not exist on 2026-03-29; runs at 03:00")],
        id="a fixed time in the gap runs at its end",
    ),
    pytest.param(
        a_schedule("10,50 2 * * *"),
        GAP,
        [("01:00", "03:00", "02:10 and 02:50 do not exist on 2026-03-29; run at 03:00")],
        id="two fixed times in the gap run once",
    ),
    pytest.param(
        a_schedule("0 2,3 * * *"),
        GAP,
        [("01:00", "03:00", "02:00 does not exist on 2026-03-29; runs at 03:00")],
        id="a time in the gap and the one at its end run once",
    ),
    pytest.param(
        a_schedule("30 2 * * *", gap="Skip"),
        GAP,
        [],
        id="a time in the gap is skipped with gap Skip",
    ),
    pytest.param(
        a_schedule("0 2,4 * * *", gap="Skip"),
        GAP,
        [("02:00", "04:00", "02:00 does not exist on 2026-03-29; skipped")],
        id="the next fire time has a note on the skipped time",
    ),
    pytest.param(
        a_schedule("*/15 1-3 * * *"),
        GAP,
        [
            ("00:00", "01:00", None),
            ("00:15", "01:15", None),
            ("00:30", "01:30", None),
            ("00:45", "01:45", None),
            ("01:00", "03:00", "02:00 to 02:45 do not exist on 2026-03-29; run at 03:00"),
            ("01:15", "03:15", None),
            ("01:30", "03:30", None),
            ("01:45", "03:45", None),
        ],
        id="a quarter-hourly one goes on as ever",
    ),
    pytest.param(
        a_schedule("45 30 2 * * *"),
        GAP,
        [("01:00", "03:00", "02:30:45 does not exist on 2026-03-29; runs at 03:00")],
        id="seconds",
    ),
    pytest.param(
        a_schedule("30 2 * * *"),
        FOLD,
        [("00:30", "02:30", "02:30 occurs twice on 2026-10-25; runs at the first only")],
        id="a daily one runs at the first of two",
    ),
    pytest.param(
        a_schedule("30 2 * * *", fold="Second"),
        FOLD,
        [("01:30", "02:30", "02:30 occurs twice on 2026-10-25; runs at the second only")],
        id="or at the second",
    ),
    pytest.param(
        a_schedule("30 2 * * *", fold="Both"),
        FOLD,
        [
            ("00:30", "02:30", "02:30 occurs twice on 2026-10-25; this is the first"),
            ("01:30", "02:30", "02:30 occurs twice on 2026-10-25; this is the second"),
        ],
        id="or at both",
    ),
    pytest.param(
        a_schedule("*/30 2 * * *"),
        FOLD,
        [
            ("00:00", "02:00", "02:00 occurs twice on 2026-10-25; runs at the first only"),
            ("00:30", "02:30", "02:30 occurs twice on 2026-10-25; runs at the first only"),
        ],
        id="fixed hours run at the first, however many minutes",
    ),
    pytest.param(
        a_schedule("0 1-3 * * *", fold="Both"),
        FOLD,
        [
            ("23:00", "01:00", None),
            ("00:00", "02:00", "02:00 occurs twice on 2026-10-25; this is the first"),
            ("01:00", "02:00", "02:00 occurs twice on 2026-10-25; this is the second"),
            ("02:00", "03:00", None),
        ],
        id="the hour after the fold comes once",
    ),
]


class TestDaylightSaving:
    @pytest.mark.parametrize(("schedule", "day", "expected"), GOLDEN)
    def test_a_schedule_in_berlin_fires_as_listed(
        self, schedule: Schedule, day: tuple[int, int, int], expected: list[tuple[str, str, str]]
    ):
        found = fired(schedule, berlin(*day), berlin(*day) + timedelta(hours=20))
        shown = [(f"{f.scheduled_time:%H:%M}", f"{f.local:%H:%M}", f.note) for f in found]
        assert shown == expected

    @pytest.mark.parametrize("cron", ["0 * * * *", "*/5 * * * *", "* * * * *"])
    @pytest.mark.parametrize("day", [GAP, FOLD])
    def test_hourly_and_more_frequent_schedules_keep_their_interval(
        self, cron: str, day: tuple[int, int, int]
    ):
        found = fired(a_schedule(cron), berlin(*day), berlin(*day) + timedelta(hours=20))
        distances = {two.scheduled_time - one.scheduled_time for one, two in pairwise(found)}
        assert len(distances) == 1

    def test_a_day_that_a_zone_skips_fires_at_its_end(self):
        schedule = a_schedule("0 6 * * *", "Pacific/Apia")
        found = fired(schedule, utc(2011, 12, 29), utc(2011, 12, 31))
        assert [f"{fire.local:%m-%d %H:%M}" for fire in found] == [
            "12-29 06:00",
            "12-31 00:00",
            "12-31 06:00",
        ]
        note = "06:00 does not exist on 2011-12-30; runs at 00:00 on 2011-12-31"
        assert found[1].note == note

    def test_a_fold_across_midnight_comes_in_order(self):
        """St John's set its clocks from 00:01 to 23:01: midnight precedes the second 23:30."""
        schedule = a_schedule("0,30 0,23 * * *", "America/St_Johns", fold="Both")
        found = fired(schedule, utc(2006, 10, 29, 1, 45), utc(2006, 10, 29, 4, 30))
        assert [f"{fire.local:%d %H:%M} {fire.local.fold}" for fire in found] == [
            "28 23:30 0",
            "29 00:00 0",
            "28 23:30 1",
            "29 00:00 1",
            "29 00:30 0",
        ]
