"""Tests of fire times, also against an oracle that tests every minute."""

from __future__ import annotations

from datetime import UTC, date, datetime, timedelta
from itertools import islice, pairwise, takewhile
from typing import Any

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from polysync_core.domain.definitions.schedules import Fold, Gap, Schedule, check_cron
from polysync_core.domain.schedules.fire_times import FireTime, count_between, fire_times
from polysync_core.domain.schedules.wall_clock import pattern_of
from tests.unit.domain.schedules.oracle import (
    DAY,
    Fields,
    by_dates,
    by_minutes,
    days_of_change,
    zone,
)

INSTANT = timedelta(microseconds=1)
ZONES = (
    "UTC",
    "Europe/Berlin",
    "Europe/Dublin",  # its winter time is the one that daylight saving sets back
    "Europe/Lisbon",  # changed its zone in 1992 and 1996
    "Europe/Moscow",  # moved in 2011 and 2014, without summer time since
    "America/New_York",
    "America/St_Johns",  # changed at one minute past midnight, so a fold reached into yesterday
    "America/Sao_Paulo",  # changed at midnight: a day without its beginning
    "America/Caracas",  # half an hour back in 2007, forth in 2016
    "Africa/Casablanca",  # four changes a year
    "Asia/Kolkata",
    "Asia/Pyongyang",  # half an hour back in 2015, forth in 2018
    "Asia/Tehran",
    "Australia/Sydney",
    "Australia/Lord_Howe",  # half an hour of daylight saving
    "Pacific/Apia",  # had no 30 December 2011
    "Pacific/Auckland",
    "Pacific/Chatham",
)
NOTES = {
    "once": None,
    "moved": "not exist",
    "first": "at the first|is the first",
    "second": "at the second|is the second",
}


def a_schedule(cron: str, time_zone: str = "Europe/Berlin", **rules: Any) -> Schedule:
    return Schedule(name="s", cron=cron, time_zone=time_zone, **rules)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def fired(schedule: Schedule, begin: datetime, end: datetime) -> list[FireTime]:
    """Return the fire times at or after `begin` and before `end`."""
    fires = fire_times(schedule, after=begin - INSTANT)
    return list(takewhile(lambda fire: fire.scheduled_time < end, fires))


def _fields(first: int, last: int) -> st.SearchStrategy[str]:
    value = st.integers(first, last)
    spans = st.tuples(value, value).map(sorted)
    # A range of everything is not drawn: crons differ on whether it is like `*` beside a step.
    some = spans.filter(lambda pair: pair[0] < pair[1] and pair != [first, last])
    return st.one_of(
        st.just("*"),
        value.map(str),
        st.lists(value, min_size=2, max_size=4).map(lambda values: ",".join(map(str, values))),
        some.map(lambda pair: f"{pair[0]}-{pair[1]}"),
        st.integers(2, 12).map(lambda step: f"*/{step}"),
    )


DATES = st.tuples(
    st.one_of(st.just("*"), _fields(1, 31)),
    st.one_of(st.just("*"), _fields(1, 12)),
    st.one_of(st.just("*"), _fields(0, 6)),
).map(" ".join)
NIGHTS = st.sampled_from(["*", "*", "0", "1", "2", "3", "23", "0-3", "22,23,0", "*/2"])
CRONS = st.one_of(
    # Where it matters: at night, on every day.
    st.tuples(_fields(0, 59), NIGHTS).map(lambda times: f"{' '.join(times)} * * *"),
    st.tuples(_fields(0, 59), _fields(0, 23), DATES).map(" ".join),
    st.tuples(st.integers(0, 59), _fields(0, 59), NIGHTS).map(
        lambda times: f"{' '.join(map(str, times))} * * *"
    ),
)


@st.composite
def schedules(draw: st.DrawFn) -> Schedule:
    cron = draw(CRONS)
    try:
        check_cron(cron)
    except ValueError:
        assume(False)
    rules = {"gap": draw(st.sampled_from(Gap)), "fold": draw(st.sampled_from(Fold))}
    return a_schedule(cron, draw(st.sampled_from(ZONES)), **rules)


@st.composite
def begins(draw: st.DrawFn, time_zone: str) -> datetime:
    """Draw the start of two days that usually contain a clock change."""
    year = draw(st.integers(1990, 2040))
    days = days_of_change(time_zone, year) or (utc(year, 1, 1),)
    day = draw(st.sampled_from(days)) + draw(st.sampled_from([0, 0, 0, 30])) * DAY
    return day + timedelta(minutes=draw(st.integers(-30 * 60, 20 * 60)))


@pytest.mark.slow
class TestAgainstTheOracle:
    @settings(max_examples=150, deadline=None)
    @given(st.data(), schedules())
    def test_every_minute_near_clock_changes(self, data: st.DataObject, schedule: Schedule):
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
    def test_every_day_of_years(self, cron: str, time_zone: str):
        schedule = a_schedule(cron, time_zone)
        for first, last in ((2010, 2018), (2096, 2101)):
            begin, end = utc(first, 1, 5), utc(last, 12, 25)
            expected = by_dates(schedule, date(first, 1, 1), date(last, 12, 31))

            found = fired(schedule, begin, end)

            assert [fire.scheduled_time for fire in found] == [
                t for t in expected if begin <= t < end
            ]

    @settings(max_examples=60, deadline=None)
    @given(DATES, st.integers(1996, 2101))
    def test_the_dates_of_an_expression(self, dates: str, year: int):
        cron = f"0 0 {dates}"
        try:
            check_cron(cron)
        except ValueError:
            assume(False)
        days = (date(year, 1, 1) + number * DAY for number in range(3 * 365))
        expected = [day for day in days if Fields(cron).has_date(day)]

        walls = pattern_of(cron).times_from(datetime(year, 1, 1))  # noqa: DTZ001 - a wall clock

        assert [wall.date() for wall in islice(walls, len(expected))] == expected

    @settings(max_examples=80, deadline=None)
    @given(st.data(), schedules())
    def test_the_count_equals_the_number_of_fire_times(
        self, data: st.DataObject, schedule: Schedule
    ):
        begin = data.draw(begins(schedule.time_zone))
        end = begin + timedelta(minutes=data.draw(st.integers(-10, 20 * 24 * 60)))

        count = count_between(schedule, after=begin - INSTANT, until=end, most=0)

        assert count == len(fired(schedule, begin, end))


class TestOrder:
    @pytest.mark.slow
    @settings(max_examples=80, deadline=None)
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

    def test_after_is_exclusive(self):
        schedule = a_schedule("0 6 * * *", "UTC")
        assert next(fire_times(schedule, after=utc(2026, 1, 1, 6))).scheduled_time == utc(
            2026, 1, 2, 6
        )
        before = utc(2026, 1, 1, 6) - INSTANT
        assert next(fire_times(schedule, after=before)).scheduled_time == utc(2026, 1, 1, 6)

    def test_after_may_be_given_in_any_zone(self):
        after = datetime(2026, 1, 1, 7, tzinfo=zone("Europe/Berlin"))
        fire = next(fire_times(a_schedule("0 6 * * *", "UTC"), after=after))
        assert fire.scheduled_time == utc(2026, 1, 2, 6)


def _berlin(*parts: int, fold: int = 0) -> datetime:
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
    def test_in_berlin(
        self, schedule: Schedule, day: tuple[int, int, int], expected: list[tuple[str, str, str]]
    ):
        found = fired(schedule, _berlin(*day), _berlin(*day) + timedelta(hours=20))
        shown = [(f"{f.scheduled_time:%H:%M}", f"{f.local:%H:%M}", f.note) for f in found]
        assert shown == expected

    @pytest.mark.parametrize("cron", ["0 * * * *", "*/5 * * * *", "* * * * *"])
    @pytest.mark.parametrize("day", [GAP, FOLD])
    def test_hourly_and_more_frequent_schedules_keep_their_interval(
        self, cron: str, day: tuple[int, int, int]
    ):
        found = fired(a_schedule(cron), _berlin(*day), _berlin(*day) + timedelta(hours=20))
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
        last = a_schedule(cron, time_zone, start_at=datetime.max.replace(tzinfo=UTC))
        assert list(fire_times(last, after=utc(2026, 1, 1))) == []
        assert list(fire_times(a_schedule(cron), after=datetime.max.replace(tzinfo=UTC))) == []
        first = datetime.min.replace(tzinfo=UTC)
        assert (
            next(fire_times(a_schedule(cron, time_zone), after=first)).scheduled_time.year >= 1900
        )
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
    def test_ten_years(self, cron: str, expected: int):
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
def test_two_expressions_with_the_same_meaning(one: str, other: str):
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
def test_days_that_depend_on_their_position_in_the_month(cron: str, days: list[str]):
    fires = fire_times(a_schedule(cron, "UTC"), after=utc(2025, 12, 31, 12))
    assert [f"{fire.local:%m-%d}" for fire in islice(fires, 3)] == days
