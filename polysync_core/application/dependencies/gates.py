"""Delivers upstream outcomes to dependency gates, and executes the decisions of gates.

A delivery adds a token, then decides and executes until all tokens wait. Deliveries may be
repeated, run at the same time, and crash at any step. A decision is stored before it is executed
(write-ahead), and the next delivery executes what is left.
"""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import cache, partial

from polysync_core.application.definitions.task_graph import TaskGraphCache
from polysync_core.application.dependencies.dependent_runs import DependentRuns
from polysync_core.application.dependencies.window_reader import WindowReader
from polysync_core.application.ports import GateStore, WaitLimitStore
from polysync_core.domain.clock import Clock
from polysync_core.domain.conflicts import retry_on_conflict
from polysync_core.domain.definitions.stored import DefinitionReader
from polysync_core.domain.definitions.tasks import Take, Task
from polysync_core.domain.dependencies.decisions import GateRules, TokenGroup, edge_text
from polysync_core.domain.dependencies.stored_gate import PendingDecision, WaitLimit
from polysync_core.domain.dependencies.tokens import (
    GateEdge,
    ScheduledFire,
    Token,
    edges_of,
    token_of,
    token_of_fire_time,
)
from polysync_core.domain.dependencies.windows import times_text, window_sentence
from polysync_core.domain.errors import NotFound, Unavailable
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import TaskRun

_MAX_TRIES = 20
"""The number of write conflicts after which a decision fails."""
_MAX_DECISIONS = 500
"""Decisions that one delivery executes; the next delivery continues."""
_MAX_WAIT_LIMITS = 500
"""The wait limits that one tick executes; the next tick continues."""
MAX_WINDOWS = 20
"""Groups whose windows a view reads."""
_MAX_SENTENCES = 10
"""Groups that a view describes in sentences."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GateView:
    """The edges of a gate and the groups of tokens that it holds."""

    task: Task
    edges: tuple[GateEdge, ...]
    groups: tuple[TokenGroup, ...]

    def sentences(self) -> Iterator[str]:
        """Describe the gate in sentences."""
        if not self.edges:
            yield f"Task '{self.task.name}' has no dependencies."
        elif not self.groups:
            yield "The gate is empty: it awaits one outcome of each upstream."
        for group in self.groups[:_MAX_SENTENCES]:
            yield _sentence(group)
            yield from (window_sentence(each) for each in group.windows)
        if len(self.groups) > _MAX_SENTENCES:
            more = len(self.groups) - _MAX_SENTENCES
            yield f"The gate also holds the outcomes of {more} more graph runs."
        if not self.task.enabled:
            yield "The task is disabled: its runs are recorded as Skipped."


@dataclass(frozen=True, slots=True, kw_only=True)
class Gates:
    """The gates of all Tasks that have dependencies."""

    store: GateStore
    wait_limits: WaitLimitStore
    windows: WindowReader
    definitions: DefinitionReader
    task_graph: TaskGraphCache
    dependent_runs: DependentRuns
    clock: Clock

    def deliver(self, task: str, run: TaskRun) -> list[TaskRun]:
        """Add the outcome of a run to the gate of a dependent; return the created runs.

        An outcome in a window starts nothing itself, so it is read when a fire time needs it. A run
        of a deleted Task whose name has a new Task brings no outcome.
        """
        found, upstream = self._task(task), self._task(run.task or "")
        if found is None or (upstream is not None and upstream.row.born != run.born):
            return []
        if any(each.task == run.task and each.take is Take.WINDOW for each in found.dependencies):
            return self._settle(found)
        return self._deliver(found, token_of(run, found))

    def deliver_fire_time(self, task: str, fire: ScheduledFire) -> list[TaskRun]:
        """Add a fire time to the gate of its own Task; return the created runs."""
        found = self._task(task)
        if found is None:
            return []
        limits = (edge.wait_limit(fire) for edge in edges_of(found))
        for at in {each for each in limits if each is not None}:
            self.wait_limits.put(WaitLimit(task=task, at=at))
        return self._deliver(found, token_of_fire_time(found.identity, fire))

    def due_wait_limits(self) -> Sequence[WaitLimit]:
        """Return the wait limits that have passed; each must be executed."""
        return self.wait_limits.due(self.clock(), limit=_MAX_WAIT_LIMITS)

    def execute_wait_limit(self, limit: WaitLimit) -> list[TaskRun]:
        """Decide the gate of a Task again after a wait limit; return the created runs."""
        found = self._task(limit.task)
        return [] if found is None else self._settle(found)

    def view(self, name: str) -> GateView:
        """Return the content of the gate of a Task; raises `NotFound`."""
        task = self.definitions.task(name)
        rules = self._rules(task)
        upstreams = {edge.upstream for edge in rules.edges}
        tokens = [each for each in self.store.read(task.identity).tokens if each.edge in upstreams]
        groups = [
            replace(group, windows=rules.windows_of(group)) if index < MAX_WINDOWS else group
            for index, group in enumerate(rules.groups(tokens))
        ]
        return GateView(task=task, edges=rules.edges, groups=tuple(groups))

    def _task(self, name: str) -> Task | None:
        """Return a dependent, or None if it was deleted a moment ago."""
        try:
            return self.definitions.task(name)
        except NotFound:
            return None

    def _deliver(self, task: Task, token: Token) -> list[TaskRun]:
        self.store.deliver(task.identity, token)
        return self._settle(task)

    def _settle(self, task: Task) -> list[TaskRun]:
        """Decide and execute until all tokens wait; return the created runs."""
        created: dict[RunId, TaskRun] = {}
        step = partial(self._execute_next, task, self._rules(task), created)
        message = (
            f"Too many writers change the gate of task '{task.name}' at the same time: try again."
        )
        exhausted = Unavailable(message, retry_after=1)
        for _ in range(_MAX_DECISIONS):
            if not retry_on_conflict(step, exhausted=exhausted, max_tries=_MAX_TRIES):
                break
        return list(created.values())

    def _execute_next(self, task: Task, rules: GateRules, created: dict[RunId, TaskRun]) -> bool:
        """Execute the pending decision or the next one; return False if all tokens wait.

        The run of the decision is added to `created`. Raises `StaleETag` if another delivery
        changed the gate.
        """
        stored = self.store.read(task.identity)
        pending = stored.pending
        if pending is None:
            decision = rules.decide(stored.tokens)
            if decision is None:
                return False
            # Lists sort runs by whole milliseconds.
            now = self.clock()
            now = now.replace(microsecond=now.microsecond // 1000 * 1000)
            pending = PendingDecision.of(decision, at=now)
            stored = self.store.save_decision(task.identity, stored, pending)
        if (run := self.dependent_runs.ensure(task, pending, stored.decision)) is not None:
            created[run.run_id] = run
        self.store.complete_decision(task.identity, stored)
        return True

    def _rules(self, task: Task) -> GateRules:
        return GateRules(
            task=task.name,
            edges=edges_of(task),
            descends=self.task_graph.descends,
            recall=partial(self.dependent_runs.recall, task),
            latest=cache(partial(self.dependent_runs.latest, task)),
            window=cache(partial(self.windows.read, task)),
            tokens_of=partial(self._tokens_of, task),
            now=self.clock(),
            join=task.join,
            in_order=task.depends_on_past,
        )

    def _tokens_of(self, task: Task, _: str, run_ids: tuple[RunId, ...]) -> list[Token]:
        """Return the outcomes of a window; a run that was deleted meanwhile is left out."""
        return [token_of(run, task) for run in self.windows.outcomes(run_ids)]


def _sentence(group: TokenGroup) -> str:
    roots = dict.fromkeys(origin.run_id for token in group.tokens for origin in token.origins)
    fire = next((token.fire for token in group.tokens if token.fire is not None), None)
    time = "" if fire is None else f" {times_text([fire.scheduled_time])}"
    subject = f"Graph run {' with '.join(roots)}" if roots else f"The fire time{time}"
    has = ", ".join(edge_text(token.edge) for token in group.sources)
    if group.awaits:
        awaited = ", ".join(map(edge_text, group.awaits))
        return f"{subject} has an outcome of {has}; it awaits {awaited}."
    lacks = {*group.lacks} - {each.upstream for each in group.windows}
    others = ", ".join(edge_text(each) for each in group.lacks if each in lacks)
    if not others:
        return f"{subject} has an outcome of {has}."
    return f"{subject} has an outcome of {has}; {others} must come from another graph run."
