"""Schedules and the fire times of a range, for the tests of fire times."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from itertools import takewhile
from typing import Any

from hypothesis import assume
from hypothesis import strategies as st

from polysync_core.domain.definitions.cron.check import check_cron
from polysync_core.domain.definitions.schedules import Fold, Gap, Schedule
from polysync_core.domain.schedules.fire_times import FireTime, fire_times
from tests.unit.domain.schedules.oracle import (
    DAY,
    days_of_change,
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


def a_schedule(cron: str, time_zone: str = "Europe/Berlin", **rules: Any) -> Schedule:
    return Schedule(name="s", cron=cron, time_zone=time_zone, **rules)


def utc(*parts: int) -> datetime:
    return datetime(*parts, tzinfo=UTC)  # type: ignore[arg-type, misc]


def fired(schedule: Schedule, begin: datetime, end: datetime) -> list[FireTime]:
    """Return the fire times at or after `begin` and before `end`."""
    fires = fire_times(schedule, after=begin - INSTANT)
    return list(takewhile(lambda fire: fire.scheduled_time < end, fires))


def fields(first: int, last: int) -> st.SearchStrategy[str]:
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
    st.one_of(st.just("*"), fields(1, 31)),
    st.one_of(st.just("*"), fields(1, 12)),
    st.one_of(st.just("*"), fields(0, 6)),
).map(" ".join)
NIGHTS = st.sampled_from(["*", "*", "0", "1", "2", "3", "23", "0-3", "22,23,0", "*/2"])
CRONS = st.one_of(
    # Where it matters: at night, on every day.
    st.tuples(fields(0, 59), NIGHTS).map(lambda times: f"{' '.join(times)} * * *"),
    st.tuples(fields(0, 59), fields(0, 23), DATES).map(" ".join),
    st.tuples(st.integers(0, 59), fields(0, 59), NIGHTS).map(
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
