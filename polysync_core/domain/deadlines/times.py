"""Computes when deadlines of a Task are due, by fire time or by local day.

A local day has at most one wall-clock deadline. A fire time belongs to the first one after it.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta
from itertools import takewhile

from polysync_core.domain.clock import LATEST, clamped, zone_named
from polysync_core.domain.deadlines.kinds import DeadlineKind
from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.schedules.fire_times import (
    FireTime,
    count_between,
    fire_times,
    is_excluded,
)
from polysync_core.domain.schedules.offset_changes import next_change

MAX_JUDGED = 100
"""The newest fire times of a deadline, and the newest deadlines of a check, that are judged."""
MAX_WALLS = 10
"""The newest wall-clock deadlines of a check that are judged; each may concern many runs."""
_DAY = timedelta(days=1)
_INSTANT = timedelta(microseconds=1)
_SPAN = timedelta(hours=1)
_FAR_BACK = timedelta(days=400)
_MAX_COUNTED = 10_000


@dataclass(frozen=True, slots=True, kw_only=True)
class WatchedSchedule:
    """An enabled schedule whose fire times have deadlines, from a time on."""

    schedule: Schedule
    since: datetime
    """Fire times up to this one have no deadline: the schedule or the Task was different."""
    calendars: tuple[Calendar, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class Watched:
    """A Task with the schedules whose fire times have deadlines."""

    task: Task
    schedules: tuple[WatchedSchedule, ...]
    since: datetime
    """For a Task without schedules: the time from which its days count."""

    @property
    def has_no_schedule(self) -> bool:
        """Return whether each local day counts, because the Task has no schedule at all."""
        return not self.task.schedules


@dataclass(frozen=True, slots=True, order=True)
class FireKey:
    """A fire time of one schedule."""

    scheduled_time: datetime
    schedule: str
    """The identity of the schedule."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Deadline:
    """A deadline with the fire times whose runs it concerns."""

    kind: DeadlineKind
    at: datetime
    fires: tuple[FireKey, ...] = ()
    """The newest fire times, oldest first; empty for a Task without schedules."""
    opened_at: datetime
    """The previous deadline: a run of a Task without schedules counts from then on."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Elapsed:
    """The deadlines that have passed since the last check."""

    deadlines: tuple[Deadline, ...] = ()
    """The newest ones, oldest first."""
    older: int = 0
    """The number of older deadlines, which are not judged one by one."""
    older_until: datetime | None = None
    """The newest one of these."""


def wall_deadline(day: date, wall: time, zone: str) -> datetime:
    """Return the instant of a time of day on a date.

    A repeated time is the first one. A skipped time is the change of the clocks.
    """
    local = datetime.combine(day, wall, zone_named(zone))
    first, second = clamped(local), clamped(local.replace(fold=1))
    if first <= second:
        return first
    # The time is in a gap: with the later offset it lies before the change.
    change = next_change(zone, second, first)
    return first if change is None else change.at


def wall_deadlines(task: Task, *, after: datetime) -> Iterator[datetime]:
    """Yield the wall-clock deadlines strictly after a time."""
    wall, zone = task.expect and task.expect.wall_time, task.deadline_zone
    if wall is None or zone is None:
        return
    last = after
    day = clamped(after).astimezone(zone_named(zone)).date() - _DAY
    while last < LATEST - 2 * _DAY:
        moment = wall_deadline(day, wall, zone)
        if moment > last:
            yield moment
            last = moment
        day += _DAY


def next_due(watched: Watched, *, after: datetime) -> datetime | None:
    """Return the next deadline after a time, or None.

    Calendars are ignored, because an edit of a calendar does not change a stored due time.
    """
    return min((at for at, _ in next_deadlines(watched, after=after)), default=None)


def next_deadlines(watched: Watched, *, after: datetime) -> list[tuple[datetime, DeadlineKind]]:
    """Return the next deadline of each kind after a time, the first one first."""
    found = {
        DeadlineKind.MISSING: min(_next_starts(watched, after), default=None),
        DeadlineKind.LATE: min(_next_walls(watched, after), default=None),
    }
    return sorted((at, kind) for kind, at in found.items() if at is not None)


def elapsed(watched: Watched, *, after: datetime, until: datetime) -> Elapsed:
    """Return the deadlines after a time and up to another one."""
    starts, older, newest_older = _elapsed_starts(watched, after, until)
    walls, more, newest_more = _elapsed_walls(watched, after, until)
    of_older = [each for each in (newest_older, newest_more) if each is not None]
    return Elapsed(
        deadlines=tuple(sorted([*starts, *walls], key=lambda each: (each.at, each.kind))),
        older=older + more,
        older_until=max(of_older, default=None),
    )


def _next_starts(watched: Watched, after: datetime) -> Iterator[datetime]:
    within = _started_within(watched.task)
    if within is None:
        return
    for each in watched.schedules:
        fire = next(fire_times(each.schedule, after=max(each.since, after - within)), None)
        if fire is not None:
            yield fire.scheduled_time + within


def _next_walls(watched: Watched, after: datetime) -> Iterator[datetime]:
    if watched.has_no_schedule:
        yield from _first(wall_deadlines(watched.task, after=_first_full_day(watched, after)))
        return
    opened = _last_wall(watched.task, after)
    if opened is None:
        return
    for each in watched.schedules:
        fire = next(fire_times(each.schedule, after=max(each.since, opened - _INSTANT)), None)
        if fire is not None:
            yield from _first(wall_deadlines(watched.task, after=fire.scheduled_time))


def _first_full_day(watched: Watched, after: datetime) -> datetime:
    """Return the time after which the next wall-clock deadline ends a full day."""
    begin = next(wall_deadlines(watched.task, after=watched.since - _INSTANT), after)
    return max(begin, after)


def _last_wall(task: Task, at: datetime) -> datetime | None:
    """Return the newest wall-clock deadline up to a time."""
    before = takewhile(lambda each: each <= at, wall_deadlines(task, after=at - 3 * _DAY))
    return max(before, default=None)


def _first(times: Iterator[datetime]) -> Iterator[datetime]:
    found = next(times, None)
    if found is not None:
        yield found


def _started_within(task: Task) -> timedelta | None:
    seconds = task.expect and task.expect.started_within_seconds
    return None if not seconds else timedelta(seconds=seconds)


def _elapsed_starts(
    watched: Watched, after: datetime, until: datetime
) -> tuple[list[Deadline], int, datetime | None]:
    within = _started_within(watched.task)
    if within is None:
        return [], 0, None
    judged, total = list[FireKey](), 0
    for each in watched.schedules:
        begin = max(each.since, after - within)
        newest = _newest(each, begin, until - within + _INSTANT)
        judged += newest.fires
        total += newest.older
    judged.sort()
    cut, kept = judged[:-MAX_JUDGED], judged[-MAX_JUDGED:]
    by_time = dict[datetime, list[FireKey]]()
    for fire in kept:
        by_time.setdefault(fire.scheduled_time, []).append(fire)
    found = [
        Deadline(kind=DeadlineKind.MISSING, at=at + within, fires=tuple(fires), opened_at=at)
        for at, fires in by_time.items()
    ]
    older = total + len(cut)
    return found, older, found[0].at - _INSTANT if older and found else None


def _elapsed_walls(
    watched: Watched, after: datetime, until: datetime
) -> tuple[list[Deadline], int, datetime | None]:
    task = watched.task
    if task.expect is None or task.expect.finished_by is None:
        return [], 0, None
    begin = _first_full_day(watched, after) if watched.has_no_schedule else after
    begin = max(begin, until - _FAR_BACK)
    opened = _last_wall(task, begin) or begin
    found = list[Deadline]()
    for at in takewhile(lambda each: each <= until, wall_deadlines(task, after=begin)):
        fires = [fire for each in watched.schedules for fire in _of_window(each, opened, at)]
        if fires or watched.has_no_schedule:
            newest = tuple(sorted(fires)[-MAX_JUDGED:])
            kind = DeadlineKind.LATE
            found.append(Deadline(kind=kind, at=at, fires=newest, opened_at=opened))
        opened = at
    cut, kept = found[:-MAX_WALLS], found[-MAX_WALLS:]
    return kept, len(cut), cut[-1].at if cut else None


def _of_window(watched: WatchedSchedule, opened: datetime, at: datetime) -> Sequence[FireKey]:
    return _newest(watched, max(watched.since, opened - _INSTANT), at).fires


@dataclass(frozen=True, slots=True, kw_only=True)
class _Newest:
    fires: list[FireKey] = field(default_factory=list[FireKey])
    older: int = 0


def _newest(watched: WatchedSchedule, after: datetime, until: datetime) -> _Newest:
    """Return the newest fire times after a time and before another one, without excluded ones."""
    schedule, begin, span = watched.schedule, after, _SPAN
    if until <= after:
        return _Newest()
    while until - span > after:
        if count_between(schedule, after=until - span, until=until, most=MAX_JUDGED) >= MAX_JUDGED:
            begin = until - span
            break
        span *= 2
    older = count_between(schedule, after=after, until=begin + _INSTANT, most=_MAX_COUNTED)
    found = takewhile(lambda fire: fire.scheduled_time < until, fire_times(schedule, after=begin))
    fires = list(_included(found, watched))
    return _Newest(
        fires=[FireKey(each.scheduled_time, schedule.identity) for each in fires[-MAX_JUDGED:]],
        older=(older if begin > after else 0) + max(0, len(fires) - MAX_JUDGED),
    )


def _included(fires: Iterable[FireTime], watched: WatchedSchedule) -> Iterator[FireTime]:
    return (each for each in fires if not is_excluded(each, watched.calendars))
