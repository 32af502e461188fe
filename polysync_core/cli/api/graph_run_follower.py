"""Follows a run and all dependent runs (graph run) by polling, until no more start."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from polysync.following import MAX_OUTAGE_SECONDS
from polysync_core.cli.api.answers import RunAnswer
from polysync_core.cli.api.client import ApiClient
from polysync_core.cli.api.errors import CommandFailed
from polysync_core.cli.api.graph import GraphAnswer
from polysync_core.cli.api.reader import Reader
from polysync_core.domain.runs.status import RunStatus

POLL_SECONDS = 2.0
QUIET_SECONDS = 8.0
"""The time without a change after which tasks without a run no longer count as pending."""
_MAX_EXPLAINED = 3
"""The number of queued runs whose waits are explained, each by one call."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PendingTask:
    """A task of the graph that has no run yet."""

    task: str
    awaited: Sequence[str]
    """The upstream tasks that have not ended."""


@dataclass(frozen=True, slots=True, kw_only=True)
class GraphRunState:
    """The newest runs of a graph run, and the tasks without a run."""

    runs: Sequence[RunAnswer]
    """The runs in the order of their acceptance."""
    waits: Mapping[str, str] = field(default_factory=dict[str, str])
    """The limits that hold queued runs back, in words, by run id."""
    pending: Sequence[PendingTask] = ()

    @property
    def has_ended(self) -> bool:
        """Return whether every run has ended; others may still start."""
        return all(run.is_terminal for run in self.runs)

    @property
    def succeeded(self) -> bool:
        """Return whether no run failed or was cancelled; a skipped run is no failure."""
        return not any(run.status in {RunStatus.FAILED, RunStatus.CANCELLED} for run in self.runs)

    @property
    def facts(self) -> object:
        """The facts whose change is a change of the state."""
        return (
            [(run.run_id, run.status, run.reason, run.problem) for run in self.runs],
            self.waits,
            self.pending,
        )


@dataclass(slots=True)
class GraphRunFollower:
    """Reads a graph run again and again."""

    api: ApiClient
    graph_run_id: str
    sleep: Callable[[float], None] = time.sleep
    monotonic: Callable[[], float] = time.monotonic
    on_outage: Callable[[], None] = lambda: None
    """Called for each read that has no answer and is repeated."""

    def states(self) -> Iterator[GraphRunState]:
        """Yield the state after each change; the last one is the end.

        Raises:
            CommandFailed: there is no such graph run, or the server is away for too long.
        """
        last: GraphRunState | None = None
        changed_at = self.monotonic()
        while True:
            state = self._read()
            if last is None or state.facts != last.facts:
                last, changed_at = state, self.monotonic()
                yield state
            is_quiet = self.monotonic() - changed_at >= QUIET_SECONDS
            if state.has_ended and (is_quiet or not state.pending):
                return
            self.sleep(POLL_SECONDS)

    def _read(self) -> GraphRunState:
        deadline = self.monotonic() + MAX_OUTAGE_SECONDS
        while True:
            try:
                return self._state()
            except CommandFailed as failure:
                if not failure.is_transient or self.monotonic() >= deadline:
                    raise
            self.on_outage()
            self.sleep(POLL_SECONDS)

    def _state(self) -> GraphRunState:
        query = {"graphRunId": self.graph_run_id}
        newest: dict[str, RunAnswer] = {}
        for item in self.api.pages("task-runs", query=query):
            run = RunAnswer.decode(item)
            newest.setdefault(run.title, run)
        graph = GraphAnswer.decode(self.api.get("graph", query=query, has="nodes"))
        runs = [*reversed(newest.values())]
        return GraphRunState(runs=runs, waits=self._waits(runs), pending=_pending(graph, newest))

    def _waits(self, runs: Sequence[RunAnswer]) -> dict[str, str]:
        queued = [run for run in runs if run.status == RunStatus.QUEUED and not run.problem]
        found = {run.run_id: waits_for(self.api, run) for run in queued[:_MAX_EXPLAINED]}
        return {run_id: reason for run_id, reason in found.items() if reason}


def waits_for(api: ApiClient, run: RunAnswer) -> str | None:
    """Return the first limit that holds a queued run back, as a sentence."""
    if run.status != RunStatus.QUEUED or run.problem or run.next_attempt_at:
        return None
    try:
        answer = api.get("task-runs", run.run_id, "explain")
    except CommandFailed:
        # The run is followed without the explanation.
        return None
    reasons = Reader("the explanation", answer).objects("waitingFor")
    return Reader("the reason", reasons[0]).text("sentence") if reasons else None


def _pending(graph: GraphAnswer, runs: Mapping[str, RunAnswer]) -> list[PendingTask]:
    """Return the enabled tasks without a run, in the order of the graph."""
    ended = {task for task, run in runs.items() if run.is_terminal}
    return [
        PendingTask(
            task=node.task,
            awaited=[
                edge.upstream
                for edge in graph.edges
                if edge.downstream == node.task and edge.upstream not in ended
            ],
        )
        for node in graph.nodes
        if node.enabled and node.task not in runs
    ]
