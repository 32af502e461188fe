"""Tests of the notification of dependents."""

from __future__ import annotations

import json
from typing import Any

import pytest

from polysync_core.application.definitions.task_graph import TaskGraphCache
from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.definitions.tasks import Dependency, Mapping, Task
from polysync_core.domain.definitions.webhooks import Webhook
from polysync_core.domain.dependencies.conditions import Condition
from polysync_core.domain.errors import Broken, Invalid
from polysync_core.domain.runs.run import RunStatus, TaskRun
from polysync_core.domain.timed_cache import DEFINITION_TTL
from tests.fakes.builders import a_job
from tests.fakes.definitions import ON_CALL, FakeDefinitions
from tests.fakes.gates import GateWorld, after

FAILED, SKIPPED, SUCCEEDED = RunStatus.FAILED, RunStatus.SKIPPED, RunStatus.SUCCEEDED


def task(name: str, *upstreams: str, **facts: Any) -> Task:
    return Task(name=name, job="job", dependencies=after(*upstreams), **facts)


def active(world: GateWorld) -> set[str]:
    return {entry.task for entry in world.runs.active_runs()}


def test_a_run_without_dependents_is_deactivated_at_once() -> None:
    world = GateWorld(task("a"))
    run = world.end(world.start("a"))
    assert world.finisher.after_run(run).notify == ()
    assert active(world) == set()


def test_a_run_stays_active_until_its_dependents_are_notified() -> None:
    world = GateWorld(task("a"), task("b", "a"), task("c", "a"))
    run = world.end(world.start("a"))
    assert world.notifier.find_dependents(run.run_id).notify == ("b", "c")
    assert "a" in active(world)
    notified = world.notifier.notify(run.run_id, ["b", "c"])
    assert "a" in active(world), "the reconciler recovers from a crash here"
    assert {each.waiting.task for each in notified.dispatch} == {"b", "c"}
    world.notifier.deactivate([run.run_id])
    assert active(world) == {"b", "c"}


def test_a_run_that_is_created_as_ended_notifies_its_own_dependents() -> None:
    world = GateWorld(task("a"), task("b", "a"), task("c", "b"), task("d", "a"))
    run = world.end(world.start("a"), FAILED)
    notified = world.notifier.notify(run.run_id, ["b", "d"])
    assert notified.dispatch == ()
    (pending,) = notified.pending
    assert pending.tasks == ("c",)
    assert active(world) == {"a", "b"}, "d has no dependents and is deactivated already"
    assert notified.as_json()["pending"] == [{"run": pending.run_id, "notify": ["c"]}]


def test_a_failed_notification_does_not_stop_the_notification_of_other_dependents(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = GateWorld(task("a"), task("b", "a"), task("c", "a"))
    run = world.end(world.start("a"))
    read = world.store.read

    def spoilt(name: str) -> Any:
        if name == "b":
            raise Broken
        return read(name)

    monkeypatch.setattr(world.store, "read", spoilt)
    with pytest.raises(Broken):
        world.notifier.notify(run.run_id, ["b", "c"])
    assert len(world.all_runs("c")) == 1


def test_an_active_run_has_no_dependents_to_notify_yet() -> None:
    world = GateWorld(task("a"), task("b", "a"))
    assert world.notifier.find_dependents(world.start("a").run_id).notify == ()
    assert "a" in active(world)


def test_the_reconciler_starts_missing_notifications() -> None:
    world = GateWorld(task("a"), task("b", "a"))
    reconciler, engine = world.services.reconciler, world.app.engine
    run = world.end(world.start("a"))
    engine.live.add((run.run_id, 1))
    assert reconciler.reconcile(engine).completed == 0, "its orchestration is still active"
    engine.live.clear()
    assert reconciler.reconcile(engine).completed == 1
    assert engine.completed == [run.run_id]


# Run Once, cancel and rerun


def run_once(world: GateWorld, name: str, **parameters: Any) -> TaskRun:
    request = RunRequest(task=name, parameters=parameters, actor="test")
    return world.services.task_runs.run_once(request, world.app.engine)


def rerun(world: GateWorld, run: TaskRun, *, downstream: bool) -> TaskRun:
    return world.services.task_runs.rerun(
        run.run_id,
        downstream=downstream,
        idempotency_key=None,
        actor="test",
        engine=world.app.engine,
    )


def mapping_world() -> GateWorld:
    edge = Dependency(task="a", mappings=(Mapping(output="count", input="rows"),))
    job = a_job(name="job", parameters=[{"name": "rows", "dataType": "Int"}])
    return GateWorld(task("a"), Task(name="child", job="job", dependencies=(edge,)), job=job)


def test_a_cancelled_queued_run_notifies_its_dependents_with_a_new_orchestration() -> None:
    world = GateWorld(task("a"), task("b", "a"))
    run = world.start("a")
    world.services.task_runs.cancel(run.run_id, actor="test", engine=world.app.engine)
    assert world.app.engine.completed == [run.run_id]
    assert "a" in active(world)


def test_run_once_ignores_the_gate_and_reads_the_newest_success() -> None:
    world = mapping_world()
    for count, status in enumerate([SUCCEEDED, SUCCEEDED, FAILED]):
        world.notify_all(world.end(world.start("a"), status, count=count))
    newest = world.all_runs("a")[1]
    run = run_once(world, "child")
    assert run.parameters == {"rows": 1}
    assert [parent.run_id for parent in run.parents] == [newest.run_id]
    assert run.graph_run_id == run.run_id


def test_run_once_needs_no_parent_for_given_parameters() -> None:
    run = run_once(mapping_world(), "child", rows=7)
    assert (run.parameters, run.parents) == ({"rows": 7}, ())


def test_run_once_is_refused_with_the_name_of_the_input_that_no_parent_provides() -> None:
    with pytest.raises(Invalid) as refusal:
        run_once(mapping_world(), "child")
    (problem,) = refusal.value.problems
    assert problem.path == "parameters.rows"
    assert "no run of 'a' has succeeded yet: run it first, or give a value" in problem.message


def test_run_once_is_refused_if_the_newest_success_lacks_the_output() -> None:
    world = mapping_world()
    world.carry(world.start("a"), other=1)
    with pytest.raises(Invalid, match=r"has no such output \(it has: other\)"):
        run_once(world, "child")


def test_a_rerun_without_downstream_notifies_no_dependents() -> None:
    world = GateWorld(task("a"), task("b", "a"))
    former = world.run("a")
    again = world.end(rerun(world, former, downstream=False))
    assert world.finisher.dependents_of(again) == ()
    assert len(world.all_runs("b")) == 1


def test_a_rerun_with_downstream_uses_old_outcomes_of_the_upstreams_that_do_not_run_again() -> None:
    """One root leads to flaky and to steady, and both to end."""
    world = GateWorld(task("root"), task("flaky", "root"), task("steady", "root"))
    world.define(task("end", "flaky", "steady"))
    root = world.run("root")
    flaky, steady = world.all_runs("flaky", "steady")
    world.carry(steady)
    world.carry(flaky, FAILED)
    assert [run.status for run in world.all_runs("end")] == [SKIPPED]

    again = rerun(world, world.read(flaky.run_id), downstream=True)
    assert again.graph_run_id == again.run_id
    (end,) = world.carry(again)
    assert end.status is RunStatus.QUEUED
    assert {parent.run_id for parent in end.parents} == {again.run_id, steady.run_id}
    assert end.graph_run_id == again.graph_run_id
    assert end.repeats == (root.run_id,)


def test_the_second_rerun_of_a_graph_run_uses_the_success_of_the_first() -> None:
    """Both parents failed. The second rerun must not use the old failure of the first parent."""
    world = GateWorld(task("root"), task("left", "root"), task("right", "root"))
    world.define(task("end", "left", "right"))
    world.run("root")
    for run in world.all_runs("left", "right"):
        world.carry(run, FAILED)
    left, right = world.all_runs("left", "right")
    (end,) = world.carry(rerun(world, left, downstream=True))
    assert end.status is SKIPPED, "right still has its old failure"
    (end,) = world.carry(rerun(world, right, downstream=True))
    assert end.status is RunStatus.QUEUED


def test_a_rerun_of_one_independent_source_uses_the_old_outcome_of_the_other() -> None:
    world = GateWorld(task("a"), task("b"), task("end", "a", "b"))
    a, b = world.run("a"), world.run("b")
    (end,) = world.carry(rerun(world, a, downstream=True))
    assert b.run_id in {parent.run_id for parent in end.parents}


# The cache of the Task graph


def test_the_task_graph_is_cached_until_an_edit_or_its_expiry() -> None:
    store, now = FakeDefinitions(), 0.0
    for each in (task("a"), task("b", "a")):
        store.put(each, replacing=None)
    graph = TaskGraphCache(store, monotonic=lambda: now)
    assert graph.downstream("a") == ("b",)
    assert graph.descends("b", frozenset({"a"}))
    store.put(task("c", "b"), replacing=None)
    store.put(task("d", "a"), replacing=None)
    assert graph.downstream("a") == ("b",), "another process has edited the graph"
    now += DEFINITION_TTL
    assert graph.downstream("a") == ("b", "d")
    store.put(task("e", "a"), replacing=None)
    graph.invalidate([Reference(Kind.JOB, "job")])
    assert graph.downstream("a") == ("b", "d")
    graph.invalidate([Reference(Kind.TASK, "e")])
    assert graph.downstream("a") == ("b", "d", "e")
    assert graph.descends("c", frozenset({"a"}))
    assert not graph.descends("a", frozenset({"b"}))


def test_a_read_from_before_an_edit_is_not_cached_after_the_edit() -> None:
    store = FakeDefinitions()
    store.put(task("a"), replacing=None)
    graph = TaskGraphCache(store, monotonic=lambda: 0.0)
    read = store.referrers

    def slowly(reference: Reference) -> Any:
        found = list(read(reference))
        if "b" not in {each.name for each in store.stored}:
            store.put(task("b", "a"), replacing=None)
            graph.invalidate([Reference(Kind.TASK, "b")])
        return iter(found)

    store.referrers = slowly  # type: ignore[method-assign]
    assert graph.downstream("a") == ()
    assert graph.downstream("a") == ("b",)


def test_a_webhook_that_names_a_task_does_not_depend_on_it() -> None:
    store = FakeDefinitions()
    store.put(task("sales-load-daily"), replacing=None)
    webhook = Webhook.model_validate_json(json.dumps(ON_CALL), by_alias=True, by_name=False)
    store.put(webhook, replacing=None)
    assert TaskGraphCache(store).downstream("sales-load-daily") == ()


def test_a_failure_starts_the_branch_with_the_condition_on_failure() -> None:
    world = GateWorld(
        task("a"),
        Task(name="alarm", job="job", dependencies=after("a", condition=Condition.ON_FAILURE)),
    )
    assert [run.status for run in world.carry(world.start("a"), FAILED)] == [RunStatus.QUEUED]
    assert [run.status for run in world.carry(world.start("a"))] == [SKIPPED]
