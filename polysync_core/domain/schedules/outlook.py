"""Computes the fire dates, excluded dates and clock changes of a schedule for 365 days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date, datetime, timedelta
from itertools import islice, takewhile

from polysync_core.domain.clock import clamped
from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.schedules.fire_times import FireTime, count_between, fire_times, window
from polysync_core.domain.schedules.offset_changes import (
    OffsetChange,
    next_change,
    offset_at,
    start_of_day,
    wall_clock,
)
from polysync_core.domain.schedules.wall_clock import pattern_of

_INSTANT = timedelta(microseconds=1)
_DAY = timedelta(days=1)
_YEAR = timedelta(days=365)
_MOST_NEAR_CHANGE = 3_000
"""More than the minutes that the longest clock change skips or repeats, twice."""
_SHOWN = 4
"""The maximum number of fire times that are shown for one clock change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class DayOutlook:
    """A local date with fire times."""

    day: date
    count: int
    """The number of fire times, also if a calendar excludes them."""
    excluded_by: str | None
    """The calendar that excludes the date."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChangeOutlook:
    """A clock change that affects fire times of a schedule."""

    change: OffsetChange
    fires: tuple[FireTime, ...]
    """The first fire times with a note about the change."""
    count: int
    """The number of all fire times with a note about the change."""


@dataclass(frozen=True, slots=True, kw_only=True)
class YearOutlook:
    """The fire times of a schedule in 365 days, without single fire times."""

    begin: datetime
    end: datetime
    days: tuple[DayOutlook, ...]
    """The local dates with fire times, in order."""
    clock_changes: tuple[OffsetChange, ...]
    """Every clock change of the zone in the year."""
    affected: tuple[ChangeOutlook, ...]
    """The clock changes that affect fire times."""

    @property
    def count(self) -> int:
        """The number of fire times that start a run."""
        return sum(each.count for each in self.days if each.excluded_by is None)

    @property
    def excluded(self) -> int:
        """The number of fire times that calendars exclude."""
        return sum(each.count for each in self.days if each.excluded_by is not None)

    @property
    def excluded_days(self) -> tuple[DayOutlook, ...]:
        """The dates whose fire times calendars exclude."""
        return tuple(each for each in self.days if each.excluded_by is not None)


def year_outlook(
    schedule: Schedule, calendars: Sequence[Calendar], *, after: datetime
) -> YearOutlook:
    """Compute the year after an instant.

    The function multiplies times by dates and visits single fire times only near clock changes.
    So its cost is bounded for an expression of every minute as well.
    """
    begin, end = clamped(after), clamped(after + _YEAR)
    changes = tuple(_changes(schedule.time_zone, begin, end))
    affected = [_affected(schedule, change, begin) for change in changes]
    return YearOutlook(
        begin=begin,
        end=end,
        days=tuple(_days(schedule, calendars, begin, end)),
        clock_changes=changes,
        affected=tuple(each for each in affected if each.count),
    )


def _changes(zone: str, begin: datetime, end: datetime) -> Iterator[OffsetChange]:
    at = begin
    while change := next_change(zone, at, end):
        yield change
        at = change.at


def _affected(schedule: Schedule, change: OffsetChange, begin: datetime) -> ChangeOutlook:
    """Return the fire times with a note; a skipped time is noted at the next fire time."""
    end = change.at + change.length
    after = max(begin, change.at - change.length - _INSTANT)
    fires = islice(fire_times(schedule, after=after), _MOST_NEAR_CHANGE)
    noted: list[FireTime] = []
    for fire in fires:
        if fire.note is not None:
            noted.append(fire)
        if fire.scheduled_time >= end:
            break
    return ChangeOutlook(change=change, fires=tuple(noted[:_SHOWN]), count=len(noted))


def _days(
    schedule: Schedule, calendars: Sequence[Calendar], begin: datetime, end: datetime
) -> Iterator[DayOutlook]:
    begin, end = window(schedule, begin, end)
    if begin >= end:
        return
    zone, pattern = schedule.time_zone, pattern_of(schedule.cron)
    first, last = _local_date(zone, begin), _local_date(zone, end)
    uneven = set(_uneven_days(schedule, begin, end))
    even = takewhile(lambda day: day <= last, pattern.dates_from(first))
    for day in sorted({*even, *(day for day in uneven if first <= day <= last)}):
        count = _count_on(schedule, day, begin, end) if day in uneven else len(pattern.times)
        if count:
            excluded = next((each.name for each in calendars if each.has(day)), None)
            yield DayOutlook(day=day, count=count, excluded_by=excluded)


def _uneven_days(schedule: Schedule, begin: datetime, end: datetime) -> Iterator[date]:
    """Yield the dates that may have other fire times than the expression alone says."""
    zone = schedule.time_zone
    for bound in (begin, end):
        yield _local_date(zone, bound)
    for change in _changes(zone, begin - 2 * _DAY, end + 2 * _DAY):
        day, last = sorted((change.set_from.date(), change.set_to.date()))
        while day <= last:
            yield day
            day += _DAY


def _count_on(schedule: Schedule, day: date, begin: datetime, end: datetime) -> int:
    zone = schedule.time_zone
    after = max(start_of_day(zone, day) - _INSTANT, begin)
    until = min(start_of_day(zone, day + _DAY), end)
    return count_between(schedule, after=after, until=until, most=24 * 60)


def _local_date(zone: str, moment: datetime) -> date:
    return wall_clock(moment, offset_at(zone, moment)).date()
