"""Previews an unsaved schedule: description, next fire times and the next 365 days."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from polysync_core.application.schedules.preview import FutureFireTime, future_fire_times
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.errors import Invalid, NotFound
from polysync_core.domain.schedules.cron.description import CronDescription, describe_cron
from polysync_core.domain.schedules.outlook import YearOutlook, year_outlook


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePreview:
    """The effect of a schedule if it were saved now."""

    schedule: Schedule
    now: datetime
    description: CronDescription
    fires: Sequence[FutureFireTime]
    """The next fire times, with those that calendars exclude."""
    year: YearOutlook
    notes: Sequence[str]
    """Sentences about unexpected effects, and about a schedule that will not fire."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SchedulePreviews:
    """Previews schedules; it reads the calendars only."""

    definitions: DefinitionReader
    clock: Clock

    def preview(
        self, schedule: Schedule, *, count: int, task: str | None = None
    ) -> SchedulePreview:
        """Preview a valid schedule, or raise `Invalid` for an unknown calendar.

        The name of the Task decides the jitter. Without a name, the jitter is left out.
        """
        now, calendars = self.clock(), self._calendars(schedule)
        fires = future_fire_times(schedule, calendars, after=now, task=task)
        found = list(islice(fires, count))
        description = describe_cron(schedule.cron)
        return SchedulePreview(
            schedule=schedule,
            now=now,
            description=description,
            fires=found,
            year=year_outlook(schedule, calendars, after=now),
            notes=[*description.notes, *_notes(schedule, found, now)],
        )

    def _calendars(self, schedule: Schedule) -> list[Calendar]:
        found: list[Calendar] = []
        for index, name in enumerate(schedule.calendars):
            try:
                found.append(self.definitions.calendar(name))
            except NotFound as error:
                raise Invalid.at(f"calendars[{index}]", str(error)) from error
        return found


def _notes(schedule: Schedule, fires: Sequence[FutureFireTime], now: datetime) -> Iterator[str]:
    if not schedule.enabled:
        yield "The schedule is disabled: it does not fire until it is enabled."
    if not fires:
        yield "The schedule does not fire any more."
    elif all(each.excluded_by is not None for each in fires):
        yield "Calendars exclude all of the next fire times."
    if schedule.start_at is not None and schedule.start_at > now:
        yield f"It begins at {schedule.start_at.isoformat()}."
    if schedule.end_at is not None and fires:
        yield f"It ends at {schedule.end_at.isoformat()}."
