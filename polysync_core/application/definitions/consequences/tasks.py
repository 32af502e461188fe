"""Computes the effects of a changed Task on fire times, dependents and active runs."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from datetime import datetime

from polysync_core.application.definitions.consequences.consequence import (
    Consequence,
    ConsequenceKind,
    counted,
)
from polysync_core.application.definitions.task_graph import TaskGraphCache
from polysync_core.application.ports import RunReader
from polysync_core.domain.clock import Clock, zone_named
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dispatch.holds import Hold, describe_hold, hold_name
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.schedules.fire_times import next_fire_time
from polysync_core.domain.schedules.state import Pause
from polysync_core.domain.schedules.stored_schedules import StoredSchedule
from polysync_core.domain.schedules.timing import Timing, timing_of

_MAX_DOWNSTREAM = 1_000
_MAX_RUNS = 20
"""The newest runs of a Task among which the active ones are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskConsequences:
    """Computes the consequences of a change of a Task; one of the two versions may be None."""

    store: DefinitionSource
    runs: RunReader
    states_of: Callable[[str], Iterable[StoredSchedule]]
    """Returns the stored states of a Task's schedules."""
    task_graph: TaskGraphCache
    holds: Callable[[], Iterable[Hold]]
    """Returns the holds, also the released ones."""
    clock: Clock

    def of(self, before: Task | None, after: Task | None) -> Iterator[Consequence]:
        """Yield the consequences."""
        yield from _starts(before, after)
        if before is None or after is None:
            yield from self._hold(before or after)
        yield from self._fire_times(before, after)
        if before is not None:
            yield from self._dependents(before)
            yield from self._active_runs(before, after)

    def _hold(self, task: Task | None) -> Iterator[Consequence]:
        """Yield a sentence about the hold of a Task that is created or deleted."""
        name = hold_name(None if task is None else task.name)
        for hold in self.holds():
            if hold.is_active and hold.name == name:
                text = f"{describe_hold(hold).rstrip('.')}. The hold stays until its release."
                yield Consequence(kind=ConsequenceKind.STARTS, text=text)

    def _fire_times(self, before: Task | None, after: Task | None) -> Iterator[Consequence]:
        old, new = _by_identity(before), _by_identity(after)
        pauses = self._pauses(before) if before is not None else {}
        for identity in dict.fromkeys([*new, *old]):
            one, other = old.get(identity), new.get(identity)
            if _has_moved(_timing(before, one), _timing(after, other)):
                pause = pauses.get(identity) if other is not None else None
                name = (other or one or new[identity]).name
                text = self._moved(name, self._next(before, one), self._next(after, other), pause)
                yield Consequence(kind=ConsequenceKind.FIRE_TIMES, text=text)

    def _moved(self, name: str, old: str | None, new: str | None, pause: Pause | None) -> str:
        subject = f"Schedule {name}"
        if pause is not None:
            return f"{subject} stays paused until it is resumed: {pause.reason}"
        match old, new:
            case None, None:
                return f"{subject} has no fire time, before and after the change."
            case None, str():
                return f"{subject} fires first on {new}."
            case str(), None:
                return f"{subject} does not fire any more. Its next fire time was {old}."
            case _:
                if old == new:
                    return f"{subject} continues from now. Its next fire time stays {new}."
                return (
                    f"{subject} continues from now: the next fire time moves from {old} to {new}. "
                    "Earlier fire times are not caught up."
                )

    def _next(self, task: Task | None, schedule: Schedule | None) -> str | None:
        if task is None or schedule is None or not (task.enabled and schedule.enabled):
            return None
        fire = next_fire_time(schedule, self._calendars(schedule), after=self.clock())
        return None if fire is None else _moment(fire.scheduled_time, schedule.time_zone)

    def _calendars(self, schedule: Schedule) -> list[Calendar]:
        found = [self.store.get(Kind.CALENDAR, name) for name in schedule.calendars]
        definitions = [stored.definition for stored in found if stored is not None]
        return [each for each in definitions if isinstance(each, Calendar)]

    def _pauses(self, task: Task) -> dict[str, Pause]:
        states = [each.state for each in self.states_of(task.name)] if task.schedules else []
        return {each.schedule: each.paused for each in states if each.paused is not None}

    def _dependents(self, task: Task) -> Iterator[Consequence]:
        count = self.task_graph.descendant_count(task.name, most=_MAX_DOWNSTREAM)
        if count:
            tasks = counted(count, "Task", most=_MAX_DOWNSTREAM)
            verb = "starts" if count == 1 else "start"
            text = f"{tasks} {verb} after this one, directly or through other Tasks."
            yield Consequence(kind=ConsequenceKind.DEPENDENTS, text=text)

    def _active_runs(self, before: Task, after: Task | None) -> Iterator[Consequence]:
        newest = self.runs.page(Listing(task=before.name, limit=_MAX_RUNS)).items
        count = sum(not run.status.is_terminal for run in newest)
        if count:
            runs = counted(count, "run", most=_MAX_RUNS - 1)
            verb, keep = ("is", "keeps its") if count == 1 else ("are", "keep their")
            text = f"{runs} {verb} under way and {keep} values, retry policy and time-out."
            yield Consequence(kind=ConsequenceKind.RUNS, text=text)
        if count and after is not None and _limits(before) != _limits(after):
            text = "The new limits apply to waiting runs at once; runs that have started stay."
            yield Consequence(kind=ConsequenceKind.LIMITS, text=text)


def _starts(before: Task | None, after: Task | None) -> Iterator[Consequence]:
    """Yield a sentence if the change decides whether anything starts the Task."""
    if after is None:
        return
    was_enabled = before is None or before.enabled
    if not after.enabled and was_enabled:
        text = (
            "Nothing starts the Task while it is disabled: its schedules do not fire, and a run "
            "that its upstream Tasks would start is recorded as Skipped."
        )
        yield Consequence(kind=ConsequenceKind.STARTS, text=text)
    elif (
        not after.schedules
        and not after.dependencies
        and (before is None or before.schedules or before.dependencies)
    ):
        text = "The Task has no schedule and no dependency: it starts by hand or by a message only."
        yield Consequence(kind=ConsequenceKind.STARTS, text=text)


def _limits(task: Task) -> tuple[object, ...]:
    return task.max_concurrent_runs, task.weight, task.contention_profiles


def _by_identity(task: Task | None) -> dict[str, Schedule]:
    return {} if task is None else {each.identity: each for each in task.schedules}


def _timing(task: Task | None, schedule: Schedule | None) -> Timing | None:
    return None if task is None or schedule is None else timing_of(task, schedule)


def _has_moved(before: Timing | None, after: Timing | None) -> bool:
    """Return whether an edit moves fire times, so that the schedule starts anew."""
    if before is None or after is None:
        return before is not after
    return not before.has_times_of(after)


def _moment(moment: datetime, zone: str) -> str:
    local = moment.astimezone(zone_named(zone))
    return f"{local:%a %Y-%m-%d %H:%M} ({zone})"
