"""Heads after any order of acceptances, ends, lost answers and crashes of several processes."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from datetime import timedelta
from typing import Any

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.identity import RunId, derived_run_id
from polysync_core.domain.runs.run import RunStatus, TaskRun, finish, new_run
from polysync_core.domain.runs.stored import RunHead
from polysync_core.storage.runs.entries import position_of
from polysync_core.storage.runs.table import TableRuns
from tests.examples import examples
from tests.fakes.builders import NOON, a_run
from tests.fakes.tables import Call, TableService

TASKS = ("load", "clean", "load-more")
PROCESSES = 2


class Crash(BaseException):
    """The process ended here."""


class HeadsMachine(RuleBasedStateMachine):
    """Two processes accept and end runs; each call to the storage may be the last of one."""

    def __init__(self) -> None:
        super().__init__()
        self.service = TableService()
        self.processes = [self.started() for _ in range(PROCESSES)]
        self.rows: dict[RunId, TaskRun] = {}
        self.accepted = 0

    def started(self) -> TableRuns:
        return TableRuns(self.service.storage())

    def do(self, process: int, crash_at: int, after: bool, step: Callable[[TableRuns], Any]) -> Any:
        """Execute a step; the process crashes at its n-th write, before or after it."""
        writes = 0

        def intercept(call: Call, do: Callable[[], Any]) -> Any:
            nonlocal writes
            if call.method in {"get_entity", "query_entities"}:
                return do()
            writes += 1
            if writes == crash_at and not after:
                raise Crash
            answer = do()
            if writes == crash_at:
                raise Crash
            return answer

        self.service.intercept = intercept
        try:
            return step(self.processes[process])
        except Crash:
            self.processes[process] = self.started()
            return None
        finally:
            self.service.intercept = lambda _, do: do()

    @rule(
        process=st.integers(0, PROCESSES - 1),
        task=st.sampled_from(TASKS),
        minute=st.integers(0, 6),
        shard=st.sampled_from(["main", "other"]),
        crash_at=st.integers(0, 4),
        after=st.booleans(),
    )
    def accept(
        self, process: int, task: str, minute: int, shard: str, crash_at: int, after: bool
    ) -> None:
        # A replay of the same steps must have the same ids.
        self.accepted += 1
        run_id = derived_run_id("test", str(self.accepted))
        at = NOON + timedelta(minutes=minute)
        run = a_run(run_id=run_id, graph_run_id=run_id, task=task, queued_at=at, shard=shard)

        def step(runs: TableRuns) -> None:
            new = new_run(run, actor="test")
            runs.index_active(new)
            runs.insert(new)

        self.do(process, crash_at, after, step)
        self.read(run_id)

    @rule(
        process=st.integers(0, PROCESSES - 1),
        number=st.integers(0, 20),
        crash_at=st.integers(0, 3),
        after=st.booleans(),
    )
    def end(self, process: int, number: int, crash_at: int, after: bool) -> None:
        if not self.rows:
            return
        run_id = sorted(self.rows)[number % len(self.rows)]

        def step(runs: TableRuns) -> None:
            stored = runs.get(run_id)
            assert stored is not None
            if not stored.run.status.is_terminal:
                outcome = Outcome(status=RunStatus.CANCELLED, reason="over")
                stored = runs.save(stored, finish(stored.run, outcome, at=NOON, actor="test"))
            runs.deactivate(stored.run)

        self.do(process, crash_at, after, step)
        self.read(run_id)

    @rule(
        process=st.integers(0, PROCESSES - 1), crash_at=st.integers(0, 3), number=st.integers(0, 9)
    )
    def accept_again(self, process: int, crash_at: int, number: int) -> None:
        """A repeated request lists an existing run once more, and removes the entries."""
        if not self.rows:
            return
        run = self.rows[sorted(self.rows)[number % len(self.rows)]]
        again = replace(run, queued_at=run.queued_at + timedelta(seconds=1 + number))
        self.do(process, crash_at, False, lambda runs: runs.index_active(again))

    @rule(process=st.integers(0, PROCESSES - 1), crash_at=st.integers(0, 6), after=st.booleans())
    def reconcile(self, process: int, crash_at: int, after: bool) -> None:
        """Remove the entries of runs that were never written, and deactivate ended runs."""

        def step(runs: TableRuns) -> None:
            for entry in list(runs.active_runs()):
                stored = runs.get(entry.run_id)
                if stored is None or stored.run.queued_at != entry.queued_at:
                    runs.remove_from_index(entry)
                elif stored.run.status.is_terminal:
                    runs.deactivate(stored.run)

        self.do(process, crash_at, after, step)

    def read(self, run_id: RunId) -> None:
        stored = self.started().get(run_id)
        if stored is not None:
            self.rows[run_id] = stored.run

    @invariant()
    def each_task_shows_its_newest_run(self) -> None:
        expected: dict[str, RunHead] = {}
        for run in sorted(self.rows.values(), key=_position):
            if run.task is not None:
                expected.setdefault(run.task, RunHead.of(run))
        assert self.started().heads(TASKS) == expected


def _position(run: TaskRun) -> str:
    return position_of(run.queued_at, run.run_id)


TestHeads = HeadsMachine.TestCase
TestHeads.settings = settings(examples(40), stateful_step_count=25)
pytestmark = pytest.mark.slow
