"""Tests of gates: deliveries, decisions, mappings and views."""

from __future__ import annotations

from collections import Counter
from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from polysync_core.domain.definitions.schedules import Schedule
from polysync_core.domain.definitions.tasks import Dependency, Mapping, Task
from polysync_core.domain.dependencies.conditions import Condition
from polysync_core.domain.dependencies.tokens import ScheduledFire
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.run import Parent, RunStatus, TriggerType
from tests.fakes.builders import a_job
from tests.fakes.gates import GateWorld, after
from tests.fakes.runs import Crash

SUCCEEDED, FAILED, SKIPPED = RunStatus.SUCCEEDED, RunStatus.FAILED, RunStatus.SKIPPED
QUEUED = RunStatus.QUEUED


def task(name: str, *upstreams: str, **facts: Any) -> Task:
    return Task(name=name, job="job", dependencies=after(*upstreams), **facts)


def join() -> GateWorld:
    return GateWorld(task("a"), task("b"), task("child", "a", "b"))


def test_a_dependent_run_joins_the_graph_run_of_its_parents_and_lists_them() -> None:
    world = GateWorld(task("root"), task("left", "root"), task("right", "root"), task("end"))
    world.define(task("end", "left", "right"))
    root = world.run("root")
    left, right = world.all_runs("left", "right")
    assert {left.graph_run_id, right.graph_run_id} == {root.run_id}
    assert left.trigger_type is TriggerType.DEPENDENCY
    world.carry(right)
    assert world.all_runs("end") == []
    (end,) = world.carry(left)
    assert Counter(end.parents) == Counter(
        [Parent(task="left", run_id=left.run_id), Parent(task="right", run_id=right.run_id)]
    )
    assert (end.status, end.graph_run_id) == (QUEUED, root.run_id)


def test_with_independent_parents_the_graph_run_is_that_of_the_last_finished_parent() -> None:
    world = join()
    later, sooner = world.start("a"), world.start("b")
    world.carry(sooner)
    (child,) = world.carry(later)
    assert child.graph_run_id == later.run_id
    assert {origin.run_id for origin in child.roots} == {later.run_id, sooner.run_id}


def test_dependent_runs_inherit_the_scheduled_time_of_the_graph_run() -> None:
    """Otherwise a dependent of a backfilled run would get the day of the backfill."""
    world = GateWorld(task("root"), task("middle", "root"), task("end", "middle"))
    scheduled_time = datetime(2026, 1, 5, 6, tzinfo=UTC)
    world.run("root", scheduled_time=scheduled_time, time_zone="Australia/Sydney", schedule="daily")
    (middle,) = world.all_runs("middle")
    (end,) = world.carry(middle)
    for child in (middle, end):
        assert (child.scheduled_time, child.time_zone) == (scheduled_time, "Australia/Sydney")
        assert child.schedule is None


def test_an_outcome_that_is_delivered_many_times_counts_once() -> None:
    world = join()
    once = world.end(world.start("a"))
    for _ in range(3):
        assert world.gates.deliver("child", once) == []
    (child,) = world.carry(world.start("b"))
    for _ in range(3):
        assert world.gates.deliver("child", once) == [], "also after it was used"
    assert [run.run_id for run in world.all_runs("child")] == [child.run_id]


def test_an_outcome_that_decides_nothing_writes_no_decision() -> None:
    world = join()
    world.run("a")
    assert [key for _, key in world.app.tables.tables["Gates"] if key.startswith("p~")] == []


def during(world: GateWorld, call: str, do: Callable[[], Any]) -> None:
    """Execute a function right before the next call of a kind to the table."""

    def intercept(made: Any, carry_out: Callable[[], Any]) -> Any:
        if str(made) == f"{call} on Gates":
            world.app.tables.intercept = lambda _, go_on: go_on()
            do()
        return carry_out()

    world.app.tables.intercept = intercept


def crash() -> None:
    raise Crash


def test_the_next_delivery_executes_a_decision_that_was_stored_before_a_crash() -> None:
    """The later delivery brings an older outcome, which a new decision would use."""
    world = join()
    first, second = world.start("a"), world.start("a")
    b = world.end(world.start("b"))
    first, second = world.end(first), world.end(second)
    world.gates.deliver("child", second)
    during(world, "send_batch", lambda: during(world, "send_batch", crash))
    with pytest.raises(Crash):
        world.gates.deliver("child", b)
    world.app.tables.intercept = lambda _, do: do()
    world.restart()
    world.gates.deliver("child", first)
    (child,) = world.all_runs("child")
    assert {parent.run_id for parent in child.parents} == {second.run_id, b.run_id}
    assert [token.run_id for token in world.store.read("child").tokens] == [first.run_id]


def test_of_two_concurrent_deliveries_one_reads_the_gate_again() -> None:
    world = join()
    a, b = world.end(world.start("a")), world.end(world.start("b"))
    world.gates.deliver("child", a)
    during(world, "create_entity", lambda: world.gates.deliver("child", b))
    world.gates.deliver("child", b)
    (child,) = world.all_runs("child")
    assert child.status is QUEUED
    assert world.store.read("child").tokens == ()


@pytest.mark.slow
def test_one_run_starts_two_hundred_runs_and_two_hundred_runs_start_one() -> None:
    names = [f"t{number}" for number in range(200)]
    world = GateWorld(task("root"), *(task(name, "root") for name in names), task("end", *names))
    world.run("root")
    middle = world.all_runs(*names)
    assert len(middle) == 200
    for run in middle[:-1]:
        assert world.carry(run) == []
    (end,) = world.carry(middle[-1])
    assert len(end.parents) == 200
    assert world.store.read("end").tokens == ()


@pytest.mark.slow
@pytest.mark.parametrize("calls", [1, 2])
def test_more_tokens_than_one_transaction_holds_are_removed_despite_a_crash(calls: int) -> None:
    names = [f"t{number}" for number in range(120)]
    world = GateWorld(task("root"), *(task(name, "root") for name in names), task("end", *names))
    world.run("root")
    *others, last = world.all_runs(*names)
    for run in others:
        world.carry(run)
    last = world.end(last)
    seen = 0

    def intercept(made: Any, do: Callable[[], Any]) -> Any:
        nonlocal seen
        answer = do()
        seen += str(made) == "send_batch on Gates"
        if seen == calls + 1:
            raise Crash
        return answer

    world.app.tables.intercept = intercept
    with pytest.raises(Crash):
        world.gates.deliver("end", last)
    world.app.tables.intercept = lambda _, do: do()
    world.restart()
    world.gates.deliver("end", last)
    (end,) = world.all_runs("end")
    assert len(end.parents) == 120
    assert world.store.read("end").tokens == ()
    assert world.store.read("end").pending is None


def test_a_disabled_task_is_skipped_so_its_dependents_do_not_wait() -> None:
    world = GateWorld(task("a"), task("child", "a", enabled=False), task("grandchild", "child"))
    world.run("a")
    child, grandchild = world.all_runs("child", "grandchild")
    assert child.status is grandchild.status is SKIPPED
    assert child.reason == "Task 'child' is disabled."
    assert grandchild.reason.startswith("Task 'child' ended as Skipped")
    assert [(entry.from_status, entry.to_status) for entry in child.history] == [
        (None, QUEUED),
        (QUEUED, SKIPPED),
    ]


def test_a_removed_dependency_leaves_no_token() -> None:
    world = join()
    world.run("a")
    world.define(task("child", "b"))
    world.run("b")
    (child,) = world.all_runs("child")
    assert [parent.task for parent in child.parents] == ["b"]
    assert world.store.read("child").tokens == ()


def test_a_delivery_to_a_deleted_task_is_not_an_error() -> None:
    world = GateWorld(task("a"))
    assert world.gates.deliver("gone", world.end(world.start("a"))) == []


# Mappings

SCHEMA = a_job(
    name="job",
    parameters=[
        {"name": "rows", "dataType": "Int"},
        {"name": "note"},
        {"name": "given", "default": "as ever"},
    ],
)


def mapped(**pairs: str) -> GateWorld:
    mappings = tuple(Mapping(output=output, input=name) for name, output in pairs.items())
    edge = Dependency(task="a", condition=Condition.ON_COMPLETION, mappings=mappings)
    child = Task(name="child", job="job", dependencies=(edge,))
    return GateWorld(task("a"), child, task("grandchild", "child"), job=SCHEMA)


def test_an_output_becomes_an_input_of_its_parameters_type() -> None:
    world = mapped(rows="count", note="text")
    (child,) = world.carry(world.start("a"), count="12", text={"a": 1})
    assert child.parameters == {"rows": 12, "note": '{"a":1}', "given": "as ever"}


def test_a_run_variable_in_an_output_stays_text() -> None:
    world = mapped(note="text")
    (child,) = world.carry(world.start("a"), text="costs ${run.id}")
    assert child.parameters["note"] == "costs $${run.id}", "as a literal is written"


@pytest.mark.parametrize(
    ("outputs", "message"),
    [
        pytest.param({"other": 1}, "has no such output (it has: other)", id="it is not there"),
        pytest.param({"count": "many"}, "must be a whole number (Int)", id="it does not fit"),
        pytest.param({"count": None}, "has no such output", id="it is null"),
    ],
)
def test_an_output_that_does_not_fit_fails_the_run_with_cause_parameters(
    outputs: dict[str, Any], message: str
) -> None:
    world = mapped(rows="count")
    child, grandchild = world.carry(world.start("a"), **outputs)
    assert child.status is FAILED
    (attempt,) = child.attempts
    assert (attempt.cause, attempt.status) == (FailureCause.PARAMETERS, FAILED)
    assert child.reason == attempt.error
    assert message in child.reason
    assert child.reason.startswith("parameters.rows: output 'count' of task 'a': ")
    assert (grandchild.task, grandchild.status) == ("grandchild", SKIPPED)


def test_an_output_cannot_name_a_secret() -> None:
    """Otherwise the author of a notebook could read every secret of every vault."""
    world = mapped(note="text")
    child, _ = world.carry(world.start("a"), text="vault://local/PASSWORD")
    assert child.status is FAILED
    assert "only a definition may contain" in child.reason
    assert "PASSWORD" not in child.reason


def test_outputs_that_are_too_large_together_fail_the_run_and_not_every_delivery() -> None:
    edges = (
        Dependency(task="a", mappings=(Mapping(output="text", input="note"),)),
        Dependency(task="b", mappings=(Mapping(output="text", input="given"),)),
    )
    child = Task(name="child", job="job", dependencies=edges)
    world = GateWorld(task("a"), task("b"), child, job=SCHEMA)
    world.carry(world.start("a"), text="x" * 300_000)
    (made,) = world.carry(world.start("b"), text="x" * 300_000)
    assert [attempt.cause for attempt in made.attempts] == [FailureCause.PARAMETERS]
    assert world.store.read("child").tokens == ()


# Schedules

SIX = datetime(2026, 3, 2, 6, tzinfo=UTC)


def scheduled() -> GateWorld:
    schedule = Schedule(name="daily", cron="0 6 * * *", time_zone="Europe/Berlin")
    child = task("child", "a", schedules=(schedule,), parameters={"note": "own"})
    return GateWorld(task("a"), child, job=SCHEMA)


def fire_time(**facts: Any) -> ScheduledFire:
    return ScheduledFire(
        **{"schedule": "daily", "scheduled_time": SIX, "time_zone": "Europe/Berlin"} | facts
    )


def test_a_fire_time_is_one_more_edge_and_sets_the_time_and_parameters() -> None:
    world = scheduled()
    engine = world.app.engine
    world.run("a")
    assert world.all_runs("child") == []
    world.notifier.deliver_fire_time("child", fire_time(parameters={"note": "daily"}), engine)
    (child,) = world.all_runs("child")
    assert (child.schedule, child.scheduled_time, child.time_zone) == (
        "daily",
        SIX,
        "Europe/Berlin",
    )
    assert child.parameters["note"] == "daily"
    assert [parent.task for parent in child.parents] == ["a"]
    assert (child.run_id, 1) in engine.live


def test_a_fire_time_that_is_delivered_twice_counts_once() -> None:
    world = scheduled()
    for _ in range(2):
        assert world.gates.deliver_fire_time("child", fire_time()) == []
    for hour in range(2):
        world.run("a", name=str(hour))
    assert len(world.all_runs("child")) == 1
    assert len(world.gates.view("child").groups) == 1


# The view of a gate


def test_a_gate_view_describes_what_the_gate_holds_and_awaits() -> None:
    world = GateWorld(task("root"), task("slow", "root"), task("end", "root", "slow"))
    assert list(world.gates.view("end").sentences()) == [
        "The gate is empty: it awaits one outcome of each upstream."
    ]
    root = world.run("root")
    view = world.gates.view("end")
    (group,) = view.groups
    assert group.awaits == ("slow",)
    assert list(view.sentences()) == [
        f"Graph run {root.run_id} has an outcome of task 'root'; it awaits task 'slow'."
    ]
    assert list(world.gates.view("root").sentences()) == ["Task 'root' has no dependencies."]
