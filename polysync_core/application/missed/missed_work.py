"""Lists missed work by kind and cause, such as skipped runs and missed fire times."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime

from polysync_core.application.missed.calendars import ExcludedDay, ExcludedFireTimes
from polysync_core.application.missed.list_limits import (
    MAX_EXAMINED,
    Bounded,
    newest_runs,
    period_start,
)
from polysync_core.application.missed.skipped import OF_SCHEDULES, SkippedGroup, SkippedRuns
from polysync_core.application.missed.stopped_schedules import StoppedSchedule, StoppedSchedules
from polysync_core.application.ports import DeadlineStore, PoisonStore, RunReader, ScheduleStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.deadlines.stored_deadlines import DeadlineReport
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.poison import PoisonMessage
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import TaskRun

AT_LIMITS = (FailureCause.CONTENTION_REJECTED, FailureCause.QUEUE_TIMEOUT)
"""The causes of runs that a limit ended before they started."""
_PAGE = 100


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedWork:
    """The work that did not happen since a time; every list is bounded."""

    since: datetime
    skipped: Bounded[SkippedGroup]
    """Skipped runs by root cause."""
    fire_times: Bounded[TaskRun]
    """Skipped runs that record fire times without a run."""
    stopped: Bounded[StoppedSchedule]
    dropped: Bounded[TaskRun]
    """Failed runs that a limit rejected, or that waited for a limit too long."""
    excluded: Bounded[ExcludedDay]
    messages: Bounded[PoisonMessage]
    deadlines: Bounded[DeadlineReport]
    """Late and missing runs."""


@dataclass(frozen=True, slots=True, kw_only=True)
class MissedWorkList:
    """Reads the work that did not happen; changes nothing."""

    runs: RunReader
    definitions: DefinitionSource
    schedules: ScheduleStore
    poison: PoisonStore
    deadlines: DeadlineStore
    clock: Clock

    def since(self, moment: datetime | None) -> MissedWork:
        """Return the missed work since a time, by default of the last seven days.

        Raises `Invalid` for a time in the future or too long ago. The cost depends neither on the
        length of the history nor on the number of definitions.
        """
        now = self.clock()
        since = period_start(moment, now)
        skipped_runs = SkippedRuns(runs=self.runs)
        skipped = skipped_runs.since(since)
        stopped = StoppedSchedules(definitions=self.definitions, store=self.schedules)
        excluded = ExcludedFireTimes(store=self.definitions)
        return MissedWork(
            since=since,
            skipped=_like(skipped, skipped_runs.grouped(skipped.items)),
            fire_times=_like(skipped, [run for run in skipped.items if _is_of_schedule(run)]),
            stopped=stopped.all(),
            dropped=self._dropped(since),
            excluded=excluded.between(since, now),
            messages=self._messages(since),
            deadlines=self._deadlines(since),
        )

    def _dropped(self, since: datetime) -> Bounded[TaskRun]:
        lists = [newest_runs(self.runs, Listing(cause=cause), since) for cause in AT_LIMITS]
        found = [run for each in lists for run in each.items]
        return Bounded(
            items=sorted(found, key=lambda run: run.queued_at, reverse=True),
            is_complete=all(each.is_complete for each in lists),
        )

    def _deadlines(self, since: datetime) -> Bounded[DeadlineReport]:
        found = self.deadlines.reports(since, limit=MAX_EXAMINED + 1)
        return Bounded(items=found[:MAX_EXAMINED], is_complete=len(found) <= MAX_EXAMINED)

    def _messages(self, since: datetime) -> Bounded[PoisonMessage]:
        found = list[PoisonMessage]()
        for message in self._newest_messages():
            if message.at < since:
                break
            if len(found) == MAX_EXAMINED:
                return Bounded(items=found, is_complete=False)
            found.append(message)
        return Bounded(items=found)

    def _newest_messages(self) -> Iterator[PoisonMessage]:
        token: str | None = None
        while True:
            page = self.poison.page(limit=_PAGE, token=token)
            yield from page.items
            if (token := page.continuation_token) is None:
                return


def _like[T](examined: Bounded[TaskRun], items: Sequence[T]) -> Bounded[T]:
    return Bounded(items=items, is_complete=examined.is_complete)


def _is_of_schedule(run: TaskRun) -> bool:
    return run.skip is not None and run.skip.kind in OF_SCHEDULES
