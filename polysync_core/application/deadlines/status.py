"""Reads the deadlines of one Task: next, open and last results."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from polysync_core.application.ports import DeadlineStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.deadlines.judging import Miss
from polysync_core.domain.deadlines.kinds import DeadlineKind
from polysync_core.domain.deadlines.state import DeadlineResult, watched
from polysync_core.domain.deadlines.times import next_deadlines
from polysync_core.domain.definitions.stored import DefinitionReader


@dataclass(frozen=True, slots=True, kw_only=True)
class NextDeadline:
    """A deadline in the future, by the present definition."""

    kind: DeadlineKind
    at: datetime


@dataclass(frozen=True, slots=True, kw_only=True)
class DeadlineStatus:
    """The deadlines of a Task."""

    upcoming: Sequence[NextDeadline] = ()
    """The next deadline of each kind, the first one first; calendars are ignored."""
    open: Sequence[Miss] = ()
    """The missed deadlines whose runs have not recovered, newest first."""
    results: Sequence[DeadlineResult] = ()
    """The newest results, newest first."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TaskDeadlines:
    """Reads the deadlines of a Task; changes nothing."""

    definitions: DefinitionReader
    store: DeadlineStore
    clock: Clock

    def of(self, name: str) -> DeadlineStatus:
        """Return the deadlines of a Task, by one point read each; raises `NotFound`."""
        task = self.definitions.task(name)
        stored = self.store.get(name)
        if stored is None or stored.state.born != task.row.born:
            return DeadlineStatus()
        state = stored.state
        after = max(state.watermark, self.clock())
        upcoming = next_deadlines(watched(task, state), after=after)
        return DeadlineStatus(
            upcoming=[NextDeadline(kind=kind, at=at) for at, kind in upcoming],
            open=state.open[::-1],
            results=state.results,
        )
