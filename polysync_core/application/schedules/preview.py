"""Previews the next fire times of a Task's schedules."""

from __future__ import annotations

import heapq
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from itertools import islice

from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.schedules.cron.description import describe_cron
from polysync_core.domain.schedules.cron.times import joined
from polysync_core.domain.schedules.fire_times import FireTime, fire_times, jitter
from polysync_core.domain.schedules.state import Pause
from polysync_core.domain.schedules.stored_schedules import StoredSchedule


@dataclass(frozen=True, slots=True, kw_only=True)
class FutureFireTime:
    """A future fire time of one of a Task's schedules."""

    schedule: Schedule
    fire: FireTime
    starts_at: datetime
    """The scheduled time plus the jitter."""
    excluded_by: str | None
    """The calendar that excludes this fire time."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """The next fire times of a Task."""

    fires: Sequence[FutureFireTime]
    notes: Sequence[str]
    """Sentences about schedules that will not fire, and about unexpected effects of expressions."""


@dataclass(frozen=True, slots=True, kw_only=True)
class FireTimePreview:
    """Previews fire times; it changes nothing."""

    definitions: DefinitionReader
    states_of: Callable[[str], Iterable[StoredSchedule]]
    """Returns the stored states of a Task's schedules."""
    arrival_notes: Callable[[Task], Iterable[str]]
    """Returns a sentence about each arrival of a Task."""
    clock: Clock

    def preview(self, name: str, *, count: int) -> Preview:
        """Return the next fire times of all enabled schedules, in order; raises `NotFound`.

        A fire time that a calendar excludes is included and names the calendar.
        """
        task, now = self.definitions.task(name), self.clock()
        streams = [self._future(task, each, now) for each in task.schedules if each.enabled]
        merged = heapq.merge(
            *streams, key=lambda each: (each.fire.scheduled_time, each.schedule.name)
        )
        notes = [*_notes(task, now, self._pauses(task)), *self.arrival_notes(task)]
        return Preview(fires=list(islice(merged, count)), notes=notes)

    def _pauses(self, task: Task) -> dict[str, Pause]:
        states = [each.state for each in self.states_of(task.name)] if task.schedules else []
        return {each.schedule: each.paused for each in states if each.paused is not None}

    def _future(self, task: Task, schedule: Schedule, now: datetime) -> Iterator[FutureFireTime]:
        calendars = [self.definitions.calendar(name) for name in schedule.calendars]
        return future_fire_times(schedule, calendars, after=now, task=task.name)


def future_fire_times(
    schedule: Schedule, calendars: Sequence[Calendar], *, after: datetime, task: str | None
) -> Iterator[FutureFireTime]:
    """Yield the fire times of a schedule; the name of the Task decides the jitter."""
    for fire in fire_times(schedule, after=after):
        day, at = fire.local.date(), fire.scheduled_time
        yield FutureFireTime(
            schedule=schedule,
            fire=fire,
            starts_at=at if task is None else at + jitter(task, schedule, at),
            excluded_by=next((each.name for each in calendars if each.has(day)), None),
        )


def _notes(task: Task, now: datetime, pauses: dict[str, Pause]) -> Iterator[str]:
    if not task.enabled:
        yield f"Task {task.name} is disabled: its schedules do not fire until it is enabled."
    if not task.schedules:
        yield f"Task {task.name} has no schedules.{_other_starts(task)}"
    for schedule in task.schedules:
        if not schedule.enabled:
            yield f"Schedule {schedule.name} is disabled; its fire times are not listed."
        elif next(fire_times(schedule, after=now), None) is None:
            yield f"Schedule {schedule.name} does not fire any more."
        elif (pause := pauses.get(schedule.identity)) is not None:
            yield f"Schedule {schedule.name} is paused until it is resumed: {pause.reason}"
        for warning in describe_cron(schedule.cron).warnings:
            yield f"Schedule {schedule.name}, {schedule.cron}: {warning}"


def _other_starts(task: Task) -> str:
    """Return a sentence about the Tasks whose runs start a Task."""
    upstreams = list(dict.fromkeys(each.task for each in task.dependencies))
    return f" It starts after runs of {joined(upstreams)}." if upstreams else ""
