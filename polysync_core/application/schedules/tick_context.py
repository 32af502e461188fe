"""What schedules ask about the world during one tick; whatever was read once is kept for it."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from threading import Lock

from polysync_core.application.ports import Engine, Runs
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.calendars import Calendar
from polysync_core.domain.definitions.stored import DefinitionSource
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dispatch.state import DispatcherState
from polysync_core.domain.runs.identity import RunId

_MOST = 1000
"""Active runs of a Task that are looked at."""


@dataclass(slots=True, kw_only=True)
class TickContext:
    """The world as one tick sees it; shared by its threads."""

    engine: Engine
    definitions: DefinitionSource
    runs: Runs
    shard_of: Callable[[Task], str]
    _calendars: dict[str, Calendar | None] = field(default_factory=dict[str, Calendar | None])
    _dispatchers: dict[str, DispatcherState] = field(default_factory=dict[str, DispatcherState])
    _lock: Lock = field(default_factory=Lock)

    def calendars(self, names: Iterable[str]) -> list[Calendar]:
        """Return calendars by name; the store lets none vanish that a schedule refers to."""
        found = (self._calendar(name) for name in names)
        return [calendar for calendar in found if calendar is not None]

    def active_runs(self, task: Task, last: RunId | None) -> Sequence[RunId]:
        """Return the runs of a Task that have not ended, as far as they are known.

        Known are those of its Dispatcher, and the last one of the schedule itself by its row: the
        Dispatcher may not have heard of that yet.
        """
        state = self._dispatcher(self.shard_of(task))
        held = [*state.leases.values(), *state.waiting.values()]
        known = [each.run_id for each in held if each.task == task.name][:_MOST]
        if last is not None and last not in known:
            known.append(last)
        found = self.runs.get_many(known)
        return [stored.run.run_id for stored in found if not stored.run.status.is_terminal]

    def _calendar(self, name: str) -> Calendar | None:
        if name not in self._calendars:
            stored = self.definitions.get(Kind.CALENDAR, name)
            calendar = None if stored is None else stored.definition
            self._calendars[name] = calendar if isinstance(calendar, Calendar) else None
        return self._calendars[name]

    def _dispatcher(self, shard: str) -> DispatcherState:
        with self._lock:
            if shard not in self._dispatchers:
                self._dispatchers[shard] = self.engine.dispatcher(shard)
            return self._dispatchers[shard]
