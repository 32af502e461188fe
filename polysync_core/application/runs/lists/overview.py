"""Reads the number of runs in each state, and the reasons why listed runs wait."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from statistics import median

from polysync_core.application.ports import Engine, RunReader, ScheduleStore
from polysync_core.application.runs.explaining import Explained, Explanations
from polysync_core.application.runs.poll_planner import DurationHistory
from polysync_core.domain.clock import Clock
from polysync_core.domain.dispatch.state import DispatcherState
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.schedules.stored_schedules import Due

FAILED_PERIOD = timedelta(hours=24)
MAX_COUNTED = 1_000
"""The maximum number of failed runs that are counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """The number of runs in each state now, and the next fire time."""

    running: int
    """The number of leases."""
    oldest_start: datetime | None
    """The start of the run that has been running longest."""
    waiting: int
    failed: int
    """The failed runs among those accepted in `FAILED_PERIOD`; at most `MAX_COUNTED`."""
    next_fire: Due | None
    unreachable: tuple[str, ...] = ()
    """The Dispatchers that did not answer; their runs are not counted."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Overview:
    """The figures, and an explanation of each shown run."""

    figures: Figures
    explained: Mapping[RunId, Explained]
    usual: Mapping[RunId, timedelta]
    """The usual durations of shown runs that are running, where this process knows them."""


@dataclass(slots=True)
class _Dispatchers:
    """The states of all Dispatchers, each read once."""

    states: dict[str, DispatcherState] = field(default_factory=dict[str, DispatcherState])
    failures: dict[str, Unavailable] = field(default_factory=dict[str, Unavailable])

    def state(self, shard: str) -> DispatcherState:
        """Return the state of a shard; raises `Unavailable` if it could not be read."""
        if shard in self.failures:
            raise self.failures[shard]
        return self.states[shard]


@dataclass(frozen=True, slots=True, kw_only=True)
class RunsOverview:
    """Reads the overview of runs: one read of each Dispatcher, and two short ranges."""

    runs: RunReader
    schedules: ScheduleStore
    explanations: Explanations
    durations: DurationHistory
    clock: Clock

    def read(self, shown: Sequence[TaskRun], engine: Engine) -> Overview:
        """Return the figures, and the reasons why the shown runs wait."""
        queued = [run for run in shown if run.status is RunStatus.QUEUED]
        shards = {*self.runs.shards(), *(run.shard for run in queued)}
        dispatchers = _read(sorted(shards), engine)
        # The figures come first: an explanation simulates a dispatch round in the state.
        figures = self._figures(dispatchers)
        explained: dict[RunId, Explained] = {}
        for shard in dict.fromkeys(run.shard for run in queued):
            of_shard = [run for run in queued if run.shard == shard]
            explained |= self.explanations.queued(
                of_shard, lambda shard=shard: dispatchers.state(shard)
            )
        return Overview(figures=figures, explained=explained, usual=self._usual(shown))

    def _usual(self, shown: Sequence[TaskRun]) -> dict[RunId, timedelta]:
        running = (run for run in shown if run.status is RunStatus.RUNNING)
        past = {run.run_id: self.durations.of(run, read=False) for run in running}
        return {
            run_id: timedelta(seconds=median(end.by for end in ends))
            for run_id, ends in past.items()
            if ends
        }

    def _figures(self, dispatchers: _Dispatchers) -> Figures:
        states = dispatchers.states.values()
        starts = [lease.granted_at for state in states for lease in state.leases.values()]
        failed = Listing(statuses=frozenset({RunStatus.FAILED}), since=self.clock() - FAILED_PERIOD)
        return Figures(
            running=len(starts),
            oldest_start=min(starts, default=None),
            waiting=sum(len(state.waiting) for state in states),
            failed=self.runs.count(failed, limit=MAX_COUNTED),
            next_fire=self.schedules.next_due(),
            unreachable=tuple(dispatchers.failures),
        )


def _read(shards: Sequence[str], engine: Engine) -> _Dispatchers:
    found = _Dispatchers()
    for shard in shards:
        try:
            found.states[shard] = engine.dispatcher(shard)
        except Unavailable as error:
            found.failures[shard] = error
    return found
