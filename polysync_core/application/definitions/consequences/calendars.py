"""Computes the effects of a changed calendar on the schedules that use the calendar."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import date
from itertools import islice

from polysync_core.application.definitions.consequences.consequence import (
    Consequence,
    ConsequenceKind,
)
from polysync_core.application.schedules.calendar_uses import schedules_with
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.schedules.outlook import year_outlook

_MAX_SCHEDULES = 20
_MAX_DATES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class CalendarConsequences:
    """Computes the fire times that a changed calendar excludes, or excludes no more."""

    store: DefinitionSource
    clock: Clock

    def of(self, before: Calendar | None, after: Calendar | None) -> Iterator[Consequence]:
        """Yield a sentence about each schedule that uses the calendar."""
        if before is None:
            return
        users = list(islice(schedules_with(self.store, before), _MAX_SCHEDULES + 1))
        for task, schedule in users[:_MAX_SCHEDULES]:
            text = self._effect(task, schedule, before, after)
            yield Consequence(kind=ConsequenceKind.FIRE_TIMES, text=text)
        if len(users) > _MAX_SCHEDULES:
            text = f"More than {_MAX_SCHEDULES} schedules use the calendar."
            yield Consequence(kind=ConsequenceKind.REFERRERS, text=text)

    def _effect(
        self, task: Task, schedule: Schedule, before: Calendar, after: Calendar | None
    ) -> str:
        others = self._others(schedule, before.name)
        old = self._excluded(schedule, [*others, before])
        new = self._excluded(schedule, others if after is None else [*others, after])
        parts = [
            *_part(sorted(new - old), "does not fire on"),
            *_part(sorted(old - new), "fires again on"),
        ]
        subject = f"Schedule {schedule.name} of Task {task.name}"
        if not parts:
            return f"{subject} uses the calendar; none of its fire times in a year changes."
        return f"{subject} {' and '.join(parts)}."

    def _others(self, schedule: Schedule, name: str) -> list[Calendar]:
        names = [each for each in schedule.calendars if each != name]
        found = [self.store.get(Kind.CALENDAR, each) for each in names]
        definitions = [stored.definition for stored in found if stored is not None]
        return [each for each in definitions if isinstance(each, Calendar)]

    def _excluded(self, schedule: Schedule, calendars: Sequence[Calendar]) -> set[date]:
        outlook = year_outlook(schedule, calendars, after=self.clock())
        return {each.day for each in outlook.excluded_days}


def _part(days: Sequence[date], verb: str) -> list[str]:
    if not days:
        return []
    shown = ", ".join(day.isoformat() for day in days[:_MAX_DATES])
    further = len(days) - _MAX_DATES
    return [f"{verb} {shown}{f' and {further} more dates' if further > 0 else ''}"]
