"""Lists the fire times that calendars excluded."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date, datetime, time, timedelta
from itertools import islice

from polysync_core.application.missed.list_limits import Bounded
from polysync_core.domain.clock import zone_named
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.schedules.fire_times import count_between, fire_times

MAX_CALENDARS = 50
MAX_REFERRERS = 200
"""The maximum number of Tasks of one calendar that are examined."""
_MAX_COUNTED = 10_000
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcludedDay:
    """The fire times of a schedule on a day that a calendar excludes."""

    task: str
    schedule: str
    calendar: str
    day: date
    """The day in the zone of the schedule."""
    first: datetime
    """The first excluded fire time."""
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class ExcludedFireTimes:
    """Computes excluded fire times from the present definitions; nothing stores them."""

    store: DefinitionSource

    def between(self, begin: datetime, end: datetime) -> Bounded[ExcludedDay]:
        """Return the excluded days of a period, newest first.

        At most `MAX_CALENDARS` calendars with `MAX_REFERRERS` Tasks each are examined.
        """
        page = self.store.page(Kind.CALENDAR, limit=MAX_CALENDARS)
        found, complete = list[ExcludedDay](), page.token is None
        for stored in page.items:
            calendar = stored.definition
            if isinstance(calendar, Calendar) and any(_excluded_days(calendar, begin, end)):
                tasks, is_all = self._tasks(calendar)
                complete = complete and is_all
                for task in tasks:
                    found += _of_task(task, calendar, begin, end)
        found.sort(key=lambda each: (each.first, each.task, each.schedule), reverse=True)
        return Bounded(items=found, is_complete=complete)

    def _tasks(self, calendar: Calendar) -> tuple[list[Task], bool]:
        referrers = self.store.referrers(Reference(Kind.CALENDAR, calendar.name))
        found = [each.definition for each in islice(referrers, MAX_REFERRERS + 1)]
        tasks = [each for each in found[:MAX_REFERRERS] if isinstance(each, Task)]
        return tasks, len(found) <= MAX_REFERRERS


def _of_task(
    task: Task, calendar: Calendar, begin: datetime, end: datetime
) -> Iterator[ExcludedDay]:
    for schedule in task.schedules:
        if task.enabled and schedule.enabled and calendar.name in schedule.calendars:
            for day in _excluded_days(calendar, begin, end):
                yield from _of_day(task, schedule, calendar, (day, begin, end))


def _of_day(
    task: Task, schedule: Schedule, calendar: Calendar, within: tuple[date, datetime, datetime]
) -> Iterator[ExcludedDay]:
    day, begin, end = within
    zone = zone_named(schedule.time_zone)
    midnight = datetime.combine(day, time(), zone)
    following = datetime.combine(day + timedelta(days=1), time(), zone)
    after, until = max(begin, midnight - _INSTANT), min(end, following)
    first = next(fire_times(schedule, after=after), None) if after < until else None
    if first is not None and first.scheduled_time < until:
        yield ExcludedDay(
            task=task.name,
            schedule=schedule.name,
            calendar=calendar.name,
            day=day,
            first=first.scheduled_time,
            count=count_between(schedule, after=after, until=until, most=_MAX_COUNTED),
        )


def _excluded_days(calendar: Calendar, begin: datetime, end: datetime) -> Iterator[date]:
    """Yield the excluded days that may overlap a period in any zone."""
    day = begin.date() - timedelta(days=1)
    while day <= end.date() + timedelta(days=1):
        if calendar.has(day):
            yield day
        day += timedelta(days=1)
