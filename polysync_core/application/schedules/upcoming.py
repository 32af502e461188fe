"""Lists the upcoming fire times of all Tasks in a period, by start time.

The index of due times has the next start of every schedule in order. A page opens schedules only
until it is full, so its cost depends on its size and its position, not on the number of Tasks.
"""

from __future__ import annotations

import heapq
import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import batched, islice

from polysync_core.application.ports import RunReader, ScheduleStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.continuation import decode_position, encode_position
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.schedules import Calendar
from polysync_core.domain.definitions.stored import DefinitionSource, readable
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Invalid, Malformed
from polysync_core.domain.runs.status import RunStatus
from polysync_core.domain.runs.stored import RunHead
from polysync_core.domain.schedules.fire_times import FireTime, fire_times, jitter
from polysync_core.domain.schedules.stored_schedules import Due

DEFAULT_WINDOW = timedelta(days=7)
MAX_WINDOW = timedelta(days=366)
MAX_SCHEDULES = 2_000
"""The maximum number of schedules that one page opens."""
_MAX_JITTER = timedelta(hours=1)
_FEW = 10
_LIST = ("upcoming",)
_PART = re.compile(r"[0-9A-Za-z:.+-]{1,64}")

type Position = tuple[datetime, str, str, datetime]
"""The start, the Task, the schedule and the scheduled time of a fire time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpcomingFire:
    """A fire time of a Task in the future."""

    task: str
    job: str
    schedule: str
    time_zone: str
    fire: FireTime
    starts_at: datetime
    """The fire time plus the jitter of the schedule."""
    excluded_by: str | None
    """The calendar that excludes the fire time."""
    usual_duration: timedelta | None = None
    """The duration of the newest run of the Task, if it succeeded."""

    @property
    def expected_end(self) -> datetime | None:
        """The end of the run if it takes as long as the newest one."""
        if self.usual_duration is None or self.excluded_by is not None:
            return None
        return self.starts_at + self.usual_duration

    @property
    def position(self) -> Position:
        """The position in the list."""
        return self.starts_at, self.task, self.schedule, self.fire.scheduled_time


@dataclass(frozen=True, slots=True, kw_only=True)
class UpcomingPage:
    """Some fire times of a window, in the order of their starts."""

    begin: datetime
    end: datetime
    items: Sequence[UpcomingFire]
    continuation_token: str | None = None
    complete_until: datetime | None = None
    """Set if too many schedules fire in the window: the list ends at this time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class UpcomingFireTimes:
    """Lists the fire times of all Tasks; changes nothing."""

    definitions: DefinitionSource
    store: ScheduleStore
    runs: RunReader
    clock: Clock

    def page(
        self,
        begin: datetime | None = None,
        end: datetime | None = None,
        *,
        limit: int,
        token: str | None = None,
    ) -> UpcomingPage:
        """Return fire times from now, or from `begin`, for seven days or until `end`.

        A fire time that a calendar excludes is included and names the calendar. Raises `Invalid`
        for a window that ends before it begins or is too long.
        """
        begin, end = self._window(begin, end)
        after = None if token is None else _position(token)
        search = _Search(self.definitions, end)
        starts = search.starts(self.store.upcoming(until=end), begin, after)
        found = list(islice(starts, limit + 1))
        items = self._with_durations(found[:limit])
        more = _token(items[-1].position) if len(found) > limit else None
        until = search.complete_until if more is None else None
        return UpcomingPage(
            begin=begin, end=end, items=items, continuation_token=more, complete_until=until
        )

    def _window(self, begin: datetime | None, end: datetime | None) -> tuple[datetime, datetime]:
        now = self.clock()
        begin = now if begin is None else max(begin, now)
        end = begin + DEFAULT_WINDOW if end is None else end
        if end <= begin:
            raise Invalid.at("to", "must be later than now and than `from`")
        if end - begin > MAX_WINDOW:
            raise Invalid.at("to", f"must be at most {MAX_WINDOW.days} days after `from`")
        return begin, end

    def _with_durations(self, fires: Sequence[UpcomingFire]) -> list[UpcomingFire]:
        # Few Tasks at a time cost point reads. Many would cost a range over all names between.
        heads: dict[str, RunHead] = {}
        for tasks in batched(sorted({fire.task for fire in fires}), _FEW, strict=False):
            heads |= self.runs.heads(tasks)
        return [replace(fire, usual_duration=_duration(heads.get(fire.task))) for fire in fires]


@dataclass(slots=True)
class _Search:
    """The schedules that one page has opened."""

    definitions: DefinitionSource
    end: datetime
    opened: int = 0
    complete_until: datetime | None = None
    """The start of the first schedule that was not opened because there are too many."""
    _tasks: dict[str, Task | None] = field(default_factory=dict[str, "Task | None"])
    _calendars: dict[str, Calendar | None] = field(default_factory=dict[str, "Calendar | None"])

    def starts(
        self, upcoming: Iterator[Due], begin: datetime, after: Position | None
    ) -> Iterator[UpcomingFire]:
        """Yield the starts after a position in order."""
        heap: list[tuple[Position, Iterator[UpcomingFire], UpcomingFire]] = []
        following = next(upcoming, None)
        while following is not None or heap:
            if following is not None and (not heap or _key(following) <= heap[0][0][:3]):
                if self.opened == MAX_SCHEDULES:
                    self.complete_until = following.at
                    return
                self.opened += 1
                _push(heap, self._open(following, begin, after))
                following = next(upcoming, None)
                continue
            _, rest, fire = heapq.heappop(heap)
            _push(heap, rest)
            yield fire

    def _open(self, due: Due, begin: datetime, after: Position | None) -> Iterator[UpcomingFire]:
        """Yield the starts of one schedule in the window, after the position."""
        task = self._task(due.task)
        schedules = () if task is None else task.schedules
        schedule = next((each for each in schedules if each.identity == due.schedule), None)
        if task is None or schedule is None:
            return
        begin = max(begin, due.at)
        since = begin if after is None else max(begin, after[0])
        latest = since - _MAX_JITTER
        for fire in fire_times(schedule, after=latest):
            starts_at = fire.scheduled_time + jitter(task.name, schedule, fire.scheduled_time)
            # The order is kept: jitter never swaps two starts of a schedule.
            latest = starts_at = max(latest, starts_at)
            if starts_at >= self.end:
                return
            position = (starts_at, task.name, schedule.name, fire.scheduled_time)
            if starts_at < begin or (after is not None and position <= after):
                continue
            yield UpcomingFire(
                task=task.name,
                job=task.job,
                schedule=schedule.name,
                time_zone=schedule.time_zone,
                fire=fire,
                starts_at=starts_at,
                excluded_by=self._excluding(schedule.calendars, fire),
            )

    def _excluding(self, names: Sequence[str], fire: FireTime) -> str | None:
        day = fire.local.date()
        calendars = (self._calendar(name) for name in names)
        return next((each.name for each in calendars if each is not None and each.has(day)), None)

    def _task(self, name: str) -> Task | None:
        if name not in self._tasks:
            found = readable(self.definitions.get(Kind.TASK, name))
            self._tasks[name] = found if isinstance(found, Task) else None
        return self._tasks[name]

    def _calendar(self, name: str) -> Calendar | None:
        if name not in self._calendars:
            found = readable(self.definitions.get(Kind.CALENDAR, name))
            self._calendars[name] = found if isinstance(found, Calendar) else None
        return self._calendars[name]


def _push(
    heap: list[tuple[Position, Iterator[UpcomingFire], UpcomingFire]],
    starts: Iterator[UpcomingFire],
) -> None:
    fire = next(starts, None)
    if fire is not None:
        heapq.heappush(heap, (fire.position, starts, fire))


def _key(due: Due) -> tuple[datetime, str, str]:
    return due.at, due.task, due.schedule


def _duration(head: RunHead | None) -> timedelta | None:
    if head is None or head.status is not RunStatus.SUCCEEDED:
        return None
    if head.started_at is None or head.finished_at is None:
        return None
    return head.finished_at - head.started_at


def _token(position: Position) -> str:
    starts_at, task, schedule, scheduled_time = position
    return encode_position(
        _LIST, [starts_at.isoformat(), task, schedule, scheduled_time.isoformat()]
    )


def _position(token: str) -> Position:
    parts = decode_position(_LIST, token, part=_PART)
    try:
        starts_at, task, schedule, scheduled_time = (part or "" for part in parts)
        times = datetime.fromisoformat(starts_at), datetime.fromisoformat(scheduled_time)
        return times[0], task, schedule, times[1]
    except ValueError as error:
        raise Malformed.at(
            "continuationToken", "use the token of an earlier answer unchanged"
        ) from error
