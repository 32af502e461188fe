"""Finds the schedules that use a calendar, and the fire times that the calendar excludes."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from itertools import islice

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.document import reference_to
from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.schedules.outlook import DayOutlook, year_outlook

MOST_USES = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarUse:
    """A schedule that uses a calendar."""

    task: str
    schedule: Schedule
    excluded: tuple[DayOutlook, ...]
    """The dates of the next year whose fire times the calendar takes away."""


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarUses:
    """Reads the schedules that use a calendar; changes nothing."""

    store: DefinitionSource
    clock: Clock

    def of(self, calendar: Calendar) -> Sequence[CalendarUse]:
        """Return the first `MOST_USES` schedules of a calendar, which need not be stored."""
        users = islice(schedules_with(self.store, calendar), MOST_USES)
        return [self._use(task, schedule, calendar) for task, schedule in users]

    def _use(self, task: Task, schedule: Schedule, calendar: Calendar) -> CalendarUse:
        outlook = year_outlook(schedule, [calendar], after=self.clock())
        return CalendarUse(task=task.name, schedule=schedule, excluded=outlook.excluded_days)


def schedules_with(store: DefinitionSource, calendar: Calendar) -> Iterator[tuple[Task, Schedule]]:
    """Yield the schedules that use a calendar, with their Tasks."""
    for stored in store.referrers(reference_to(calendar)):
        task = stored.definition
        if isinstance(task, Task):
            for schedule in task.schedules:
                if calendar.name in schedule.calendars:
                    yield task, schedule
