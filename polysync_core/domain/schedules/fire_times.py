"""Computes and counts the fire times of a schedule, and computes the jitter of each.

The module converts wall-clock times (`wall_clock`) to instants. Between two changes of the zone's
offset the conversion is a subtraction. The walk therefore goes from change to change. At a gap it
handles the skipped wall-clock times. At a fold it visits the repeated wall-clock times again. The
instants come in ascending order, at any change and at any time of day.
"""

from __future__ import annotations

import hashlib
from collections.abc import Generator, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from itertools import islice, takewhile

from polysync_core.domain.clock import LATEST, clamped, zone_named
from polysync_core.domain.definitions.schedules import Calendar, Fold, Gap, Schedule
from polysync_core.domain.schedules.clock_change_texts import moved, repeated, skipped
from polysync_core.domain.schedules.offset_changes import (
    OffsetChange,
    next_change,
    offset_at,
    wall_clock,
)
from polysync_core.domain.schedules.wall_clock import pattern_of

_INSTANT = timedelta(microseconds=1)
_MAX_CHANGE = timedelta(days=2)
"""More than the longest change of any zone."""
_MAX_EXCLUDED = 5_000
"""Consecutive excluded fire times after which the search for the next one ends."""
_COUNT_SPAN = timedelta(days=50 * 366)
"""The span that is counted before the count is compared with its limit."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FireTime:
    """A time at which a schedule fires."""

    scheduled_time: datetime
    """The instant in UTC, without jitter; it identifies the fire time."""
    local: datetime
    """The same instant in the schedule's zone."""
    note: str | None = None
    """A sentence about the effect of a clock change."""


def fire_times(schedule: Schedule, *, after: datetime) -> Iterator[FireTime]:
    """Yield the fire times strictly after `after`, in order, each instant once.

    They lie between the schedule's start (inclusive) and its end (exclusive). The function ignores
    calendars and whether the schedule is enabled. To continue after a fire time, pass its
    `scheduled_time` as `after`.
    """
    begin, end = window(schedule, after, LATEST)
    return takewhile(lambda fire: fire.scheduled_time < end, _Walk(schedule, begin).fires())


def count_between(schedule: Schedule, *, after: datetime, until: datetime, most: int) -> int:
    """Return the number of fire times strictly after `after` and before `until`.

    The function multiplies the times of a day by the number of dates. It visits single fire times
    only near clock changes. The count is exact up to `most`. A larger count may be too low for a
    range of more than fifty years.
    """
    begin, end = window(schedule, after, until)
    begin += _INSTANT
    count = 0
    while begin < end and count <= most:
        near = min(end, begin + _COUNT_SPAN)
        count += _count(schedule, begin, near)
        begin = near
    return count


def _count(schedule: Schedule, begin: datetime, end: datetime) -> int:
    """Count the fire times at or after `begin` and before `end`."""
    count, changed = 0, begin - _MAX_CHANGE
    while change := next_change(schedule.time_zone, changed, end + _MAX_CHANGE):
        uneven = min(max(begin, change.at - change.length), end)
        even = max(begin, min(change.at + change.length, end))
        count += _count_evenly(schedule, begin, uneven) + _count_singly(schedule, uneven, even)
        begin, changed = even, change.at
    return count + _count_evenly(schedule, begin, end)


def _count_evenly(schedule: Schedule, begin: datetime, end: datetime) -> int:
    """Count the fire times of a range without clock changes."""
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
    """Return True if a calendar contains the local date of a fire time."""
    return any(calendar.has(fire.local.date()) for calendar in calendars)


def next_fire_time(
    schedule: Schedule, calendars: Sequence[Calendar], *, after: datetime
) -> FireTime | None:
    """Return the next fire time that no calendar excludes; the search is bounded."""
    fires = islice(fire_times(schedule, after=after), _MAX_EXCLUDED)
    return next((each for each in fires if not is_excluded(each, calendars)), None)


def jitter(task: str, schedule: Schedule, scheduled_time: datetime) -> timedelta:
    """Return the delay between a fire time and its start; it is the same for each call."""
    occurrence = f"{task}/{schedule.identity}/{scheduled_time.astimezone(UTC).isoformat()}"
    drawn = int.from_bytes(hashlib.sha256(occurrence.encode()).digest()[:8])
    return timedelta(milliseconds=drawn % (schedule.jitter_seconds * 1000 + 1))


def window(schedule: Schedule, after: datetime, until: datetime) -> tuple[datetime, datetime]:
    """Return the exclusive bounds of a range, within those of a schedule."""
    begin, end = clamped(after), clamped(until)
    if schedule.start_at is not None:
        begin = max(begin, clamped(schedule.start_at) - _INSTANT)
    if schedule.end_at is not None:
        end = min(end, clamped(schedule.end_at))
    return begin, end


class _Walk:
    """Visits the fire times after an instant; it ignores the end of the schedule."""

    def __init__(self, schedule: Schedule, after: datetime) -> None:
        self.pattern = pattern_of(schedule.cron)
        self.zone = schedule.time_zone
        self.gap, self.fold = schedule.gap, schedule.fold
        if self.fold is Fold.AUTO:
            self.fold = Fold.BOTH if self.pattern.is_hourly else Fold.FIRST
        self._now, self._offset = after, offset_at(self.zone, after)
        self._next = wall_clock(after + _INSTANT, self._offset)
        """The first wall-clock time that is not visited yet."""
        self._note: str | None = None
        """The note for the next fire time."""

    def fires(self) -> Iterator[FireTime]:
        while (change := (yield from self._until_change())) is not None:
            yield from self._across(change)

    def _until_change(self) -> Generator[FireTime, None, OffsetChange | None]:
        """Yield the fire times before the next clock change that affects this schedule."""
        for wall in self.pattern.times_from(self._next):
            if (change := self._change_before(wall)) is not None:
                return change
            self._now, self._next = _instant(wall, self._offset), wall + _INSTANT
            if (fire := self._fire(wall)) is not None:
                yield fire
        return None

    def _change_before(self, wall: datetime) -> OffsetChange | None:
        """Return the change before a wall-clock time that affects the schedule; pass others."""
        while change := next_change(self.zone, self._now, _instant(wall, self._offset)):
            if change.affects(self._next, wall):
                return change
            self._now, self._offset = change.at, change.after
        return None

    def _fire(self, wall: datetime) -> FireTime | None:
        first = wall.replace(tzinfo=zone_named(self.zone))
        second = first.replace(fold=1)
        if first.utcoffset() == second.utcoffset():
            return self._fire_time(first, None)
        is_second = second.utcoffset() == self._offset
        if self.fold is (Fold.FIRST if is_second else Fold.SECOND):
            return None
        note = repeated(wall, is_second=is_second, is_only=self.fold is not Fold.BOTH)
        return self._fire_time(second if is_second else first, note)

    def _across(self, change: OffsetChange) -> Iterator[FireTime]:
        """Yield the fire time at a change, and continue with the new wall-clock time."""
        walls = self.pattern.times_from(self._next)
        lost = list(takewhile(lambda wall: wall < change.set_to, walls))
        self._now, self._offset, self._next = change.at, change.after, change.set_to
        if lost and self.gap is Gap.RUN_AFTER:
            # The first wall-clock time after the gap is the same instant; it must fire once.
            self._next += _INSTANT
            end = change.set_to.replace(tzinfo=zone_named(self.zone))
            yield self._fire_time(end, moved(lost, change.set_to))
        elif lost:
            self._note = skipped(lost)

    def _fire_time(self, local: datetime, note: str | None) -> FireTime:
        notes = [each for each in (self._note, note) if each is not None]
        self._note = None
        return FireTime(scheduled_time=self._now, local=local, note="; ".join(notes) or None)


def _instant(wall: datetime, offset: timedelta) -> datetime:
    return (wall - offset).replace(tzinfo=UTC)
