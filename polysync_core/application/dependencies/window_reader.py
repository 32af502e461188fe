"""Reads the upstream outcomes for the fire times of a dependency with `take: Window`."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from polysync_core.application.ports import RunReader, ScheduleStore
from polysync_core.domain.definitions.schedules import Calendar, Schedule
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dependencies.tokens import ScheduledFire
from polysync_core.domain.dependencies.windows import (
    MAX_FIRE_TIMES,
    Timed,
    Window,
    WindowOutcome,
    enabled_schedules,
    fire_time_before,
    fires_at,
    interval_begin,
    scheduled_tasks,
    window_times,
)
from polysync_core.domain.errors import NotFound
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.runs.skip import SkipKind
from polysync_core.domain.runs.stored import ActiveRun

_INSTANT = timedelta(milliseconds=1)


@dataclass(frozen=True, slots=True, kw_only=True)
class WindowReader:
    """Reads windows. The cost depends on the number of fire times in a window."""

    runs: RunReader
    schedules: ScheduleStore
    definitions: DefinitionReader

    def _begin(self, task: Task, schedule_id: str, at: datetime) -> datetime:
        """Return the begin of the interval that ends with a fire time of a Task."""
        schedule = next((each for each in task.schedules if each.identity == schedule_id), None)
        return at if schedule is None else interval_begin(self._timed(schedule), at)

    def newest_fire(self, task: Task, at: datetime) -> ScheduledFire | None:
        """Return the newest fire time of a Task at or before a time."""
        found: list[ScheduledFire] = []
        for schedule in task.schedules:
            time = fire_time_before(self._timed(schedule), at + _INSTANT)
            if time is not None:
                found.append(
                    ScheduledFire(
                        schedule=schedule.name,
                        schedule_id=schedule.identity,
                        scheduled_time=time,
                        time_zone=schedule.time_zone,
                    )
                )
        return max(found, key=lambda fire: fire.scheduled_time, default=None)

    def holds(self, task: Task, upstream: str, fire: ScheduledFire, at: datetime) -> bool:
        """Return whether the window of a fire time holds a fire time of an upstream."""
        _, _, times = self._times(task, upstream, fire)
        return at in times

    def read(
        self, task: Task, upstream: str, fire: ScheduledFire, *, is_past: bool = False
    ) -> Window:
        """Return the window of an upstream for a fire time of a Task.

        With `is_past`, it also awaits fire times before the schedule of the upstream existed: a
        backfill may still bring them.
        """
        window, sources, times = self._times(task, upstream, fire)
        found = self._task(upstream)
        if found is None or not times:
            fault = "has no fire time up to this one: give it an enabled schedule"
            return replace(window, fault=fault)
        if len(times) > MAX_FIRE_TIMES:
            fault = f"has more than {MAX_FIRE_TIMES} fire times in the interval"
            return replace(window, fault=fault)
        return self._with_outcomes(window, found, [] if is_past else sources, times)

    def _times(
        self, task: Task, upstream: str, fire: ScheduledFire
    ) -> tuple[Window, list[Task], tuple[datetime, ...]]:
        """Return the interval, the Tasks that give the fire times, and the fire times."""
        until = fire.scheduled_time
        after = fire.since or self._begin(task, fire.schedule_id or fire.schedule, until)
        found = self._task(upstream)
        sources = [] if found is None else scheduled_tasks(found, self._task)
        timed = [self._timed(each) for each in enabled_schedules(sources)]
        window = Window(upstream=upstream, after=after, until=until)
        return window, sources, window_times(timed, after=after, until=until)

    def _with_outcomes(
        self, window: Window, upstream: Task, sources: Sequence[Task], times: Sequence[datetime]
    ) -> Window:
        """Return the window with the outcomes of its fire times."""
        newest = self._newest_runs(upstream, times)
        missing = [each for each in times if each not in newest]
        gone = self._before_begin(sources, missing) if missing and sources else set[datetime]()
        outcomes = tuple(
            WindowOutcome(scheduled_time=at, run_id=run.run_id, status=run.status)
            for at, run in sorted(newest.items())
            if run.status is not None and run.status.is_terminal
        )
        done = {each.scheduled_time for each in outcomes}
        awaited = tuple(each for each in times if each not in done and each not in gone)
        fault = None
        if not outcomes and not awaited:
            fault = "had no fire time in the interval since it was scheduled"
        return replace(window, outcomes=outcomes, awaited=awaited, fault=fault)

    def outcomes(self, run_ids: Iterable[RunId]) -> list[TaskRun]:
        """Return the runs of some outcomes."""
        return [stored.run for stored in self.runs.get_many(run_ids)]

    def _newest_runs(self, upstream: Task, times: Sequence[datetime]) -> dict[datetime, ActiveRun]:
        """Return the newest run of each fire time, with its status as of now."""
        entries = self.runs.scheduled(
            upstream.name, upstream.row.born, since=times[0], until=times[-1] + _INSTANT
        )
        wanted = set(times)
        found: dict[datetime, ActiveRun] = {}
        for entry in self._genuine([each for each in entries if each.scheduled_time in wanted]):
            at = entry.scheduled_time
            known = None if at is None else found.get(at)
            if at is not None and (known is None or _age(known) < _age(entry)):
                found[at] = entry
        return found

    def _genuine(self, entries: Sequence[ActiveRun]) -> Iterator[ActiveRun]:
        """Yield the entries of runs that exist; one that may be active is read.

        A record of missed fire times is no run.
        """
        unsure = {each.run_id: each for each in entries if each.status in {None, RunStatus.SKIPPED}}
        yield from (each for each in entries if each.run_id not in unsure)
        for stored in self.runs.get_many(list(unsure)):
            run = stored.run
            is_record = run.skip is not None and run.skip.kind is SkipKind.MISSED
            if run.queued_at == unsure[run.run_id].queued_at and not is_record:
                yield ActiveRun.of(run)

    def _before_begin(self, sources: Sequence[Task], missing: Iterable[datetime]) -> set[datetime]:
        """Return the fire times that no schedule had when they elapsed; no run will come."""
        begun = {
            (task.name, stored.state.schedule): stored.state.begun
            for task in sources
            for stored in self.schedules.of_task(task.name)
        }
        begins = [
            (schedule, begun.get((task.name, schedule.identity)))
            for task in sources
            for schedule in enabled_schedules([task])
        ]
        return {
            at
            for at in missing
            if all(
                begin is not None and at <= begin
                for schedule, begin in begins
                if fires_at(schedule, at)
            )
        }

    def _task(self, name: str) -> Task | None:
        try:
            return self.definitions.task(name)
        except NotFound:
            return None

    def _timed(self, schedule: Schedule) -> Timed:
        return schedule, tuple(self._calendars(schedule.calendars))

    def _calendars(self, names: Iterable[str]) -> Iterator[Calendar]:
        for name in names:
            try:
                yield self.definitions.calendar(name)
            except NotFound:
                continue


def _age(entry: ActiveRun) -> tuple[datetime, RunId]:
    return entry.queued_at, entry.run_id
