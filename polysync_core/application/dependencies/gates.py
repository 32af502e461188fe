"""Gates: what has ended is put in, and the runs that come of it are made.

Everything here may be done twice, by several at once, and may break off anywhere. A decision is
written before it is carried out, and whoever comes by next carries out what is left of it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import datetime
from functools import partial

from polysync_core.application.definitions.task_graph import TaskGraphCache
from polysync_core.application.dependencies.dependent_runs import DependentRuns
from polysync_core.application.ports import GateStore, RunReader
from polysync_core.application.runs.accepting import RunFactory
from polysync_core.domain.clock import Clock
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.dependencies.decisions import Firing, Gate, Group, named
from polysync_core.domain.dependencies.stored import StoredGate, pending
from polysync_core.domain.dependencies.tokens import (
    Edge,
    ScheduledFire,
    Token,
    edges_of,
    token_of,
    token_of_fire_time,
)
from polysync_core.domain.errors import NotFound, StaleETag, TooLarge, Unavailable
from polysync_core.domain.runs.run import TaskRun

_TRIES = 20
"""Others that decide at the same time may be first as often as this."""
_AT_ONCE = 500
"""Decisions that one visit carries out; the next one goes on."""
_TOLD = 10
"""Groups that are told of in words."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateView:
    """What a gate holds and awaits."""

    task: Task
    edges: tuple[Edge, ...]
    groups: tuple[Group, ...]

    def sentences(self) -> Iterator[str]:
        """Yield the same for people."""
        if not self.edges:
            yield f"Task '{self.task.name}' depends on no other."
        elif not self.groups:
            yield "It holds nothing: it awaits the next outcome of each."
        for group in self.groups[:_TOLD]:
            yield _sentence(group)
        if len(self.groups) > _TOLD:
            yield f"It holds the outcomes of {len(self.groups) - _TOLD} more graph runs."
        if not self.task.enabled:
            yield "The task is disabled: what would start it is recorded as a Skipped run."


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """The gates of all Tasks that depend on others."""

    store: GateStore
    runs: RunReader
    task_named: Callable[[str], Task]
    """Return a Task, or raise `NotFound`."""
    task_graph: TaskGraphCache
    factory: RunFactory
    clock: Clock

    def deliver(self, task: str, run: TaskRun) -> list[TaskRun]:
        """Put the outcome of a run into the gate of a dependent and return what came of it."""
        return self._deliver(task, token_of(run))

    def deliver_fire_time(self, task: str, fire: ScheduledFire) -> list[TaskRun]:
        """Put a fire time into the gate of its own Task and return what came of it."""
        return self._deliver(task, token_of_fire_time(task, fire))

    def view(self, name: str) -> GateView:
        """Return what the gate of a Task holds; raises `NotFound`."""
        task = self.task_named(name)
        gate = self._gate(task)
        upstreams = {edge.upstream for edge in gate.edges}
        tokens = [each for each in self.store.read(name).tokens if each.edge in upstreams]
        return GateView(task=task, edges=gate.edges, groups=tuple(gate.groups(tokens)))

    def _deliver(self, task: str, token: Token) -> list[TaskRun]:
        self.store.deliver(task, token)
        return list({run.run_id: run for run in self._evaluate(task)}.values())

    def _evaluate(self, name: str) -> Iterator[TaskRun]:
        """Decide and carry out until there is nothing more to decide; yield the runs."""
        try:
            task = self.task_named(name)
        except NotFound:
            # It was deleted a moment ago. Its gate is looked at again if it is defined anew.
            return
        gate = self._gate(task)
        done = stale = 0
        while done < _AT_ONCE:
            stored = self.store.read(name)
            try:
                if stored.pending is None:
                    firing = gate.decide(stored.tokens)
                    if firing is None:
                        return
                    decided = pending(firing, at=self._now())
                    stored = self.store.decide(name, stored, decided)
                if (run := self._made(task, stored)) is not None:
                    yield run
                self.store.conclude(name, stored)
                done += 1
            except StaleETag:
                stale += 1
                if stale >= _TRIES:
                    message = f"The gate of task '{name}' is being changed by too many at once."
                    raise Unavailable(message, retry_after=1) from None

    def _made(self, task: Task, stored: StoredGate) -> TaskRun | None:
        """Return the run of what is pending, stored by now, whoever stores it; None for none."""
        decided = stored.pending
        if decided is None or decided.void:
            return None
        firing = stored.firing
        if firing is not None:
            run = self._stored(task, firing, decided.decided_at)
            if run is not None:
                return run
        known = self.runs.get(decided.run_id)
        return None if known is None else known.run

    def _stored(self, task: Task, firing: Firing, at: datetime) -> TaskRun | None:
        """Store the run of a firing; None where it is there already."""
        run = self._children.run_of(task, firing, at=at)
        try:
            stored = self.factory.create(run)
        except TooLarge as error:
            stored = self.factory.create(self._children.refused(task, firing, at, str(error)))
        return None if stored is None else stored.run

    def _gate(self, task: Task) -> Gate:
        return Gate(
            task=task.name,
            edges=edges_of(task),
            descends=self.task_graph.descends,
            recall=partial(self._children.recall, task),
        )

    @property
    def _children(self) -> DependentRuns:
        return DependentRuns(runs=self.runs, factory=self.factory)

    def _now(self) -> datetime:
        """Return the time to the millisecond, which is what a list orders runs by."""
        now = self.clock()
        return now.replace(microsecond=now.microsecond // 1000 * 1000)


def _sentence(group: Group) -> str:
    roots = dict.fromkeys(origin.run_id for token in group.tokens for origin in token.origins)
    whose = f"Graph run {' with '.join(roots)}" if roots else "A fire time"
    has = ", ".join(named(token.edge) for token in group.sources)
    if group.awaits:
        return f"{whose} has brought {has}; it awaits {', '.join(map(named, group.awaits))}."
    others = ", ".join(map(named, group.lacks))
    return f"{whose} has brought {has}; {others} must come from elsewhere."
