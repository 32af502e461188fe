"""When a schedule fires.

Wall-clock times (`wall_clock`) become instants here. Between two changes of a zone's offset that
is a subtraction, so one goes from change to change: at a gap the wall-clock times that are left
out are looked at, at a fold those that come twice are gone through again. Instants therefore come
in order by themselves, whatever the change and the time of day it happens at.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import takewhile

from polysync_core.domain.clock import zone_named
from polysync_core.domain.definitions.schedules import Calendar, Fold, Gap, Schedule
from polysync_core.domain.schedules.dst_notes import left_out, moved, repeated
from polysync_core.domain.schedules.offset_changes import (
    OffsetChange,
    next_change,
    offset_at,
    wall_clock,
)
from polysync_core.domain.schedules.wall_clock import LAST_YEAR, pattern_of

_EARLIEST = datetime(1900, 1, 1, tzinfo=UTC)
"""Nothing fires before; the calendar of Python begins with the year 1."""
_LATEST = datetime(LAST_YEAR, 1, 1, tzinfo=UTC)
_INSTANT = timedelta(microseconds=1)
_LONGEST = timedelta(days=2)
"""More than any zone was ever set back or forward."""
_COUNTED = timedelta(days=50 * 366)
"""How far is counted before looking whether that is too much already."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FireTime:
    """One occurrence of a schedule."""

    scheduled_time: datetime
    """The instant it stands for, in UTC: its identity."""
    local: datetime
    """The same instant in the schedule's zone."""
    note: str | None = None
    """What a change of the clocks does to it, for people."""


def fire_times(schedule: Schedule, *, after: datetime) -> Iterator[FireTime]:
    """Yield the fire times strictly after `after`, in order, each instant once.

    They lie from the schedule's start (inclusive) to its end (exclusive). Whether it is enabled,
    and what its calendars exclude, is not looked at. `nominal` of any of them, given as `after`,
    yields the rest.
    """
    begin, end = _window(schedule, after, _LATEST)
    return takewhile(lambda fire: fire.scheduled_time < end, _Walk(schedule, begin).fires())


def count_between(schedule: Schedule, *, after: datetime, until: datetime, most: int) -> int:
    """Return how many fire times there are strictly after `after` and before `until`.

    It multiplies the fires of a day by the matching dates, and goes through single fire times only
    around changes of the clocks. Up to `most` it is exact; so it is above for fifty years, with
    which it stops.
    """
    begin, end = _window(schedule, after, until)
    begin += _INSTANT
    count = 0
    while begin < end and count <= most:
        near = min(end, begin + _COUNTED)
        count += _count(schedule, begin, near)
        begin = near
    return count


def _count(schedule: Schedule, begin: datetime, end: datetime) -> int:
    """Count from `begin` and before `end`, as all that follow do."""
    count, changed = 0, begin - _LONGEST
    while change := next_change(schedule.time_zone, changed, end + _LONGEST):
        uneven = min(max(begin, change.at - change.length), end)
        even = max(begin, min(change.at + change.length, end))
        count += _count_evenly(schedule, begin, uneven) + _count_singly(schedule, uneven, even)
        begin, changed = even, change.at
    return count + _count_evenly(schedule, begin, end)


def _count_evenly(schedule: Schedule, begin: datetime, end: datetime) -> int:
    """Count where the clocks run evenly."""
    if begin >= end:
        return 0
    offset = offset_at(schedule.time_zone, begin)
    pattern = pattern_of(schedule.cron)
    return pattern.count(wall_clock(begin, offset), wall_clock(end, offset))


def _count_singly(schedule: Schedule, begin: datetime, end: datetime) -> int:
    fires = _Walk(schedule, begin - _INSTANT).fires()
    return (
        sum(1 for _ in takewhile(lambda fire: fire.scheduled_time < end, fires))
        if begin < end
        else 0
    )


def is_excluded(fire: FireTime, calendars: Iterable[Calendar]) -> bool:
    """Tell whether one of the calendars has the local date of a fire time."""
    return any(calendar.has(fire.local.date()) for calendar in calendars)


def jitter(task: str, schedule: Schedule, scheduled_time: datetime) -> timedelta:
    """Return how much later than its nominal time an occurrence starts: the same every time."""
    occurrence = f"{task}/{schedule.name}/{scheduled_time.astimezone(UTC).isoformat()}"
    drawn = int.from_bytes(hashlib.sha256(occurrence.encode()).digest()[:8])
    return timedelta(milliseconds=drawn % (schedule.jitter_seconds * 1000 + 1))


def _window(schedule: Schedule, after: datetime, until: datetime) -> tuple[datetime, datetime]:
    """Return what fire times must be after and before, the schedule's own bounds included."""
    begin, end = max(after, _EARLIEST), min(until, _LATEST)
    if schedule.start_at is not None:
        begin = max(begin, schedule.start_at.astimezone(UTC) - _INSTANT)
    if schedule.end_at is not None:
        end = min(end, schedule.end_at)
    return min(begin, _LATEST).astimezone(UTC), end.astimezone(UTC)


class _Walk:
    """Goes through the fire times after an instant, as if the schedule had no end."""

    def __init__(self, schedule: Schedule, after: datetime) -> None:
        self.pattern = pattern_of(schedule.cron)
        self.zone = schedule.time_zone
        self.gap, self.fold = schedule.gap, schedule.fold
        if self.fold is Fold.AUTO:
            self.fold = Fold.BOTH if self.pattern.is_hourly else Fold.FIRST
        self._now, self._offset = after, offset_at(self.zone, after)
        self._next = wall_clock(after + _INSTANT, self._offset)
        """The first wall-clock time that is still to be looked at."""
        self._note: str | None = None
        """What is to be said with the next fire time."""

    def fires(self) -> Iterator[FireTime]:
        while (change := (yield from self._until_change())) is not None:
            yield from self._across(change)

    def _until_change(self) -> Generator[FireTime, None, OffsetChange | None]:
        """Yield what fires before the next change of the clocks that concerns this schedule."""
        for wall in self.pattern.walls(self._next):
            if (change := self._change_before(wall)) is not None:
                return change
            self._now, self._next = _instant(wall, self._offset), wall + _INSTANT
            if (fire := self._fire(wall)) is not None:
                yield fire
        return None

    def _change_before(self, wall: datetime) -> OffsetChange | None:
        """Return the change that comes before a wall-clock time; pass over what skips nothing."""
        while change := next_change(self.zone, self._now, _instant(wall, self._offset)):
            if change.concerns(self._next, wall):
                return change
            self._now, self._offset = change.at, change.after
        return None

    def _fire(self, wall: datetime) -> FireTime | None:
        first = wall.replace(tzinfo=zone_named(self.zone))
        second = first.replace(fold=1)
        if first.utcoffset() == second.utcoffset():
            return self._told(first, None)
        is_second = second.utcoffset() == self._offset
        if self.fold is (Fold.FIRST if is_second else Fold.SECOND):
            return None
        note = repeated(wall, is_second=is_second, is_only=self.fold is not Fold.BOTH)
        return self._told(second if is_second else first, note)

    def _across(self, change: OffsetChange) -> Iterator[FireTime]:
        """Yield what fires at a change itself, and go on with what its clocks are set to."""
        walls = self.pattern.walls(self._next)
        lost = list(takewhile(lambda wall: wall < change.set_to, walls))
        self._now, self._offset, self._next = change.at, change.after, change.set_to
        if lost and self.gap is Gap.RUN_AFTER:
            # A wall-clock time that is right after the gap is the same instant, and fires once.
            self._next += _INSTANT
            end = change.set_to.replace(tzinfo=zone_named(self.zone))
            yield self._told(end, moved(lost, change.set_to))
        elif lost:
            self._note = left_out(lost)

    def _told(self, local: datetime, note: str | None) -> FireTime:
        remarks = [each for each in (self._note, note) if each is not None]
        self._note = None
        return FireTime(scheduled_time=self._now, local=local, note="; ".join(remarks) or None)


def _instant(wall: datetime, offset: timedelta) -> datetime:
    return (wall - offset).replace(tzinfo=UTC)
