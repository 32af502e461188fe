"""Tests of gates with random graphs, repeated deliveries and crashes at every step."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from typing import Any

import hypothesis.strategies as st
import pytest
from hypothesis import given, settings
from hypothesis.stateful import RuleBasedStateMachine, initialize, precondition, rule

from polysync_core.domain.definitions.tasks import Dependency, Join, Task
from polysync_core.domain.dependencies.conditions import Condition
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus, TaskRun
from tests.fakes.gates import GateWorld
from tests.fakes.runs import Crash
from tests.unit.application.dependencies.plain_gates import (
    Edges,
    Fired,
    Outcome,
    PlainGate,
    Result,
)

pytestmark = pytest.mark.slow

SIZE = 6
OUTCOMES = st.sampled_from([RunStatus.SUCCEEDED] * 8 + [RunStatus.FAILED, RunStatus.CANCELLED])
CONDITION = st.sampled_from([Condition.ON_SUCCESS, Condition.ON_COMPLETION] * 4 + [*Condition])
CONDITIONS = st.lists(CONDITION, min_size=1, max_size=2, unique=True)
VALUES = st.sampled_from([1, 1, 1, 0])
JOINS = st.sampled_from([Join.ALL] * 3 + [*Join])


@st.composite
def graphs(draw: st.DrawFn, *, one_root: bool = False) -> dict[str, Edges]:
    """Draw a graph without cycles: each Task depends on earlier Tasks."""
    graph: dict[str, Edges] = {}
    for number in range(SIZE):
        before = list(graph)
        roots = 1 if one_root else draw(st.integers(1, 2))
        least = min(2, len(before)) if number >= roots else 0
        upstreams = draw(st.sets(st.sampled_from(before), min_size=least)) if least else set()
        join = draw(JOINS)
        conditions = {each: draw(CONDITIONS) for each in sorted(upstreams)}
        successes = {each for each, given in conditions.items() if given == [Condition.ON_SUCCESS]}
        may_test = bool(successes) and join is not Join.ALL_DONE
        tested = draw(st.sets(st.sampled_from(sorted(successes)), max_size=1)) if may_test else ()
        graph[f"t{number}"] = Edges(conditions, join, frozenset(tested))
    return graph


def world_of(graph: dict[str, Edges]) -> GateWorld:
    return GateWorld(
        *(
            Task(
                name=name,
                job="job",
                join=edges.join,
                dependencies=tuple(
                    Dependency(
                        task=upstream,
                        condition=conditions,
                        when="n > 0" if upstream in edges.tested else None,
                    )
                    for upstream, conditions in edges.items()
                ),
            )
            for name, edges in graph.items()
        )
    )


class GateMachine(RuleBasedStateMachine):
    """Compares gates with a model that gets each outcome once and in order."""

    @initialize(graph=graphs())
    def begin(self, graph: dict[str, Edges]) -> None:
        self.graph, self.world = graph, world_of(graph)
        self.model = {name: PlainGate(edges, graph) for name, edges in graph.items() if edges}
        self.expected: dict[str, list[Fired]] = {name: [] for name in self.model}
        self.made: dict[str, list[Fired]] = {name: [] for name in self.model}
        self.roots: dict[RunId, frozenset[tuple[str, str]]] = {}
        self.active: list[TaskRun] = []
        self.undelivered: list[tuple[str, TaskRun]] = []
        self.delivered: list[tuple[str, TaskRun]] = []

    @precondition(lambda self: len(self.undelivered) + len(self.active) < 12)
    @rule(
        tasks=st.lists(st.integers(0, SIZE - 1), min_size=1, max_size=4), status=OUTCOMES, n=VALUES
    )
    def start(self, tasks: list[int], status: RunStatus, n: int) -> None:
        """Start root runs, most of them of Tasks without upstreams, and end them."""
        for number in tasks:
            name = f"t{number}"
            if self.graph[name] and number % 2:
                name = next(iter(self.graph))
            run = self.world.start(name)
            self.roots[run.run_id] = frozenset({(run.run_id, run.task)})
            self.queue_deliveries(self.world.end(run, status, n=n))

    @precondition(lambda self: self.active)
    @rule(data=st.data())
    def end(self, data: st.DataObject) -> None:
        """End some active runs in any order."""
        for run in some(data, self.active, 4):
            ended = self.world.end(run, data.draw(OUTCOMES), n=data.draw(VALUES))
            self.queue_deliveries(ended)

    @precondition(lambda self: self.undelivered)
    @rule(
        data=st.data(), crashes=st.lists(st.tuples(st.integers(1, 12), st.booleans()), max_size=3)
    )
    def deliver_new(self, data: st.DataObject, crashes: list[tuple[int, bool]]) -> None:
        """Deliver outcomes to some dependents in any order, repeated after each crash."""
        for child, run in some(data, self.undelivered, 15):
            self.delivered.append((child, run))
            at = round(run.finished_at.timestamp()) if run.finished_at else 0
            known = Outcome(at, run.run_id, run.task, result_of(run), self.roots[run.run_id])
            self.expected[child] += self.model[child].arrive(known)
            for step, before in crashes:
                self.deliver(child, run, crash=crash_at(step, before=before))
                self.world.restart()
            self.deliver(child, run)
            self.check()

    @precondition(lambda self: self.delivered)
    @rule(data=st.data())
    def repeat(self, data: st.DataObject) -> None:
        """Deliver an outcome again."""
        child, run = self.delivered[data.draw(st.integers(0, len(self.delivered) - 1))]
        self.deliver(child, run)
        self.check()

    def deliver(self, child: str, run: TaskRun, crash: Callable[..., Any] | None = None) -> None:
        self.world.app.tables.intercept = crash or (lambda _, do: do())
        try:
            self.world.gates.deliver(child, run)
        except Crash:
            """The next delivery continues."""
        finally:
            self.world.app.tables.intercept = lambda _, do: do()

    def record_created(self) -> None:
        """Record the created runs; queue the deliveries of runs that have ended."""
        for _, key in self.world.app.tables.tables["Runs"]:
            if (run_id := RunId(key)) in self.roots:
                continue
            run = self.world.read(run_id)
            parents = [parent.run_id for parent in run.parents]
            self.roots[run_id] = frozenset().union(*(self.roots[each] for each in parents))
            skipped = run.status is RunStatus.SKIPPED
            self.made[run.task].append(Fired(frozenset(parents), skipped))
            if run.status.is_terminal:
                self.queue_deliveries(run)
            else:
                self.active.append(run)

    def queue_deliveries(self, run: TaskRun) -> None:
        self.undelivered += [
            (child, run) for child, edges in self.graph.items() if run.task in edges
        ]

    def check(self) -> None:
        """Assert that every dependent has the runs that the model expects."""
        self.record_created()
        for child, expected in self.expected.items():
            assert Counter(self.made[child]) == Counter(expected), child


def result_of(run: TaskRun) -> Result:
    """Return the status and the output of an ended run; a skipped run has none."""
    n = run.outputs.get("n", 1)
    assert isinstance(n, int)
    return Result(run.status, n)


def some[T](data: st.DataObject, waiting: list[T], most: int) -> list[T]:
    """Remove some items from a list, in any order."""
    indexes = data.draw(st.lists(st.integers(0, 99), min_size=1, max_size=most))
    return [waiting.pop(index % len(waiting)) for index in indexes if waiting]


def crash_at(step: int, *, before: bool) -> Callable[..., Any]:
    """Return a hook that crashes the process before or after one storage call."""
    left = step

    def intercept(_: Any, do: Callable[[], Any]) -> Any:
        nonlocal left
        left -= 1
        if left == 0 and before:
            raise Crash
        answer = do()
        if left == 0:
            raise Crash
        return answer

    return intercept


TestGateMachine = GateMachine.TestCase
TestGateMachine.settings = settings(max_examples=settings().max_examples // 2)


@given(graph=graphs(one_root=True), data=st.data())
def test_in_one_graph_run_every_task_has_one_run_with_the_outcome_that_the_model_expects(
    graph: dict[str, Edges], data: st.DataObject
) -> None:
    world, expected_outcomes = world_of(graph), dict[str, Result]()
    outcomes = {name: Result(data.draw(OUTCOMES, label=name), data.draw(VALUES)) for name in graph}
    for name, edges in graph.items():
        skipped = bool(edges) and edges.skips({each: expected_outcomes[each] for each in edges})
        expected_outcomes[name] = Result(RunStatus.SKIPPED, 1) if skipped else outcomes[name]
    active = [world.start("t0")]
    while active:
        run = active.pop(data.draw(st.integers(0, len(active) - 1)))
        status, n = outcomes[run.task]
        created = world.carry(run, status, n=n)
        active += [made for made in created if not made.status.is_terminal]
    assert [(run.task, run.status) for run in sorted(world.all_runs(), key=lambda r: r.task)] == [
        (name, result.status) for name, result in expected_outcomes.items()
    ]
    assert len({run.graph_run_id for run in world.all_runs()}) == 1
