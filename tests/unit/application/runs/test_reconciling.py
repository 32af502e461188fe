"""Repairs by the reconciler."""

from __future__ import annotations

import logging
from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import timedelta

import pytest

from polysync_core.application.runs.accepting import waiting_message
from polysync_core.application.runs.reconciling import ACCEPTANCE_TIMEOUT, GRACE
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import (
    RunStatus,
    TaskRun,
    back_off,
    begin_attempt,
    finish,
    new_run,
)
from polysync_core.domain.runs.stored import StoredRun
from tests.fakes.app import FakeApp
from tests.fakes.builders import NOON, a_run, run_id
from tests.fakes.runs import FakeRunTable

ONE_AT_A_TIME = Task(name="one-at-a-time", job="sales-load", max_concurrent_runs=1)


class World:
    """Stored runs and an engine whose memory may be gone."""

    def __init__(self, runs: FakeRunTable | None = None) -> None:
        self.runs = runs or FakeRunTable()
        self.app = FakeApp(ONE_AT_A_TIME, runs=self.runs)
        self.engine, self.clock = self.app.engine, self.app.clock
        self.clock.now = NOON + GRACE * 2

    def stored(self, run: TaskRun) -> TaskRun:
        self.runs.add_active(new_run(run, actor="test"))
        return run

    def enqueue(self, run: TaskRun) -> None:
        policies = self.app.services.policies.for_run(run.task, run.job.platform)
        self.engine.enqueue("main", waiting_message(run), policies)

    def reconcile(self):  # type: ignore[no-untyped-def]
        return self.app.services.reconciler.reconcile(self.engine)


@pytest.fixture
def world() -> World:
    return World()


def running(name: str = "a") -> TaskRun:
    queued = a_run(run_id=run_id(name), graph_run_id=run_id(name))
    return begin_attempt(queued, at=NOON, actor="polysync")


def test_a_queued_run_that_the_dispatcher_does_not_know_is_enqueued(world: World) -> None:
    run = world.stored(a_run())
    world.reconcile()
    assert (run.run_id, 1) in world.engine.live


def test_a_waiting_run_is_not_enqueued_again(world: World) -> None:
    world.enqueue(a_run(run_id=run_id("b"), task=ONE_AT_A_TIME.name))
    blocked = world.stored(a_run(task=ONE_AT_A_TIME.name))
    world.enqueue(blocked)
    assert world.reconcile().enqueued == 0


def test_a_running_run_without_an_orchestration_is_resumed(world: World) -> None:
    run = world.stored(running())
    repairs = world.reconcile()
    assert repairs.resumed == 1
    assert world.engine.is_live(run.run_id, 1)
    assert run.run_id in world.engine.dispatcher("main").leases
    assert "was resumed" in world.runs.rows[run.run_id].run.history[-1].reason


def test_a_second_pass_finds_nothing_to_do(world: World) -> None:
    world.stored(running())
    world.stored(a_run(run_id=run_id("b")))
    world.reconcile()
    assert not world.reconcile().any


def test_a_granted_lease_whose_attempt_did_not_start_is_started(world: World) -> None:
    run = world.stored(a_run())
    world.enqueue(run)
    world.engine.live.clear()
    world.clock.now = world.engine.dispatcher("main").leases[run.run_id].granted_at
    assert world.reconcile().resumed == 0, "a fresh lease is not looked into"
    world.clock.advance(seconds=31)
    assert world.reconcile().resumed == 1
    assert world.engine.is_live(run.run_id, 1)
    note = world.runs.rows[run.run_id].run.history[-1]
    assert note.reason == "The orchestration was not found; the start was repeated."
    assert note.from_status == note.to_status == RunStatus.QUEUED


def test_an_outcome_that_the_index_missed_is_deactivated(world: World) -> None:
    done = finish(
        running(), Outcome(status=RunStatus.SUCCEEDED, reason="ok"), at=NOON, actor="polysync"
    )
    world.stored(done)
    assert world.reconcile().deactivated == 1
    assert not world.runs.active


def test_a_lease_of_an_ended_run_is_released(world: World) -> None:
    run = running()
    world.enqueue(a_run())
    done = finish(run, Outcome(status=RunStatus.SUCCEEDED, reason="ok"), at=NOON, actor="polysync")
    world.stored(done)
    world.runs.deactivate(done)
    assert world.reconcile().released == 1
    assert not world.engine.dispatcher("main").leases


def test_an_old_index_entry_without_a_run_is_removed(world: World) -> None:
    world.runs.index_active(a_run(queued_at=NOON))
    world.clock.now = NOON
    assert world.reconcile().removed == 0
    world.clock.now = NOON + ACCEPTANCE_TIMEOUT
    assert world.reconcile().removed == 1
    assert not world.runs.active


def test_a_second_index_entry_of_one_run_is_removed(world: World) -> None:
    run = world.stored(a_run())
    world.runs.index_active(replace(run, queued_at=NOON.replace(hour=11)))
    world.reconcile()
    assert [entry.queued_at for entry in world.runs.active.values()] == [NOON]


def test_a_run_is_enqueued_by_a_later_pass_if_the_engine_is_unavailable(world: World) -> None:
    run = world.stored(a_run())
    world.engine.unavailable = True
    with pytest.raises(Unavailable):
        world.reconcile()
    world.engine.unavailable = False
    world.reconcile()
    assert (run.run_id, 1) in world.engine.live


def test_running_attempts_get_their_leases_before_queued_runs_are_enqueued(world: World) -> None:
    """A Dispatcher that lost its state must learn of running attempts first.

    Otherwise the waiting run would start above the limit of one.
    """
    older = replace(running("a"), task=ONE_AT_A_TIME.name)
    younger = NOON + timedelta(seconds=1)
    newer = a_run(run_id=run_id("b"), queued_at=younger, task=ONE_AT_A_TIME.name)
    world.stored(newer)
    world.stored(older)
    world.reconcile()
    assert set(world.engine.dispatcher("main").leases) == {older.run_id}
    assert set(world.engine.dispatcher("main").waiting) == {newer.run_id}


def test_a_run_in_back_off_that_the_dispatcher_lost_waits_until_its_time(world: World) -> None:
    until = world.clock.now + GRACE
    failed = Outcome(status=RunStatus.FAILED, reason="no", cause=FailureCause.ARTEFACT)
    run = world.stored(back_off(running(), failed, until=until, at=NOON, actor="polysync"))
    assert world.reconcile().enqueued == 1
    (known,) = world.engine.dispatcher("main").waiting.values()
    assert (known.run_id, known.attempt) == (run.run_id, 2)
    assert known.not_before == until.timestamp() * 1000
    assert not world.reconcile().any
    assert not world.engine.live


def test_a_retry_whose_signals_were_lost_releases_the_lease_of_its_last_attempt(
    world: World,
) -> None:
    world.enqueue(a_run())
    failed = Outcome(status=RunStatus.FAILED, reason="no", cause=FailureCause.ARTEFACT)
    until = world.clock.now + GRACE
    world.stored(back_off(running(), failed, until=until, at=NOON, actor="polysync"))
    world.reconcile()
    assert not world.engine.dispatcher("main").leases


def test_a_stale_lease_of_an_earlier_attempt_does_not_hide_the_next_attempt(world: World) -> None:
    world.enqueue(a_run(run_id=run_id("b"), task=ONE_AT_A_TIME.name))
    world.enqueue(a_run(task=ONE_AT_A_TIME.name))
    failed = Outcome(status=RunStatus.FAILED, reason="no", cause=FailureCause.ARTEFACT)
    world.stored(back_off(running(), failed, until=NOON, at=NOON, actor="polysync"))
    assert world.reconcile().enqueued == 1
    assert (run_id(), 2) in world.engine.live


class Unreadable(FakeRunTable):
    """Holds one row that this release does not understand."""

    damaged = run_id("damaged")

    def get(self, run_id: RunId) -> StoredRun | None:
        if run_id == self.damaged:
            raise ValueError("no JSON")
        return super().get(run_id)

    def get_many(self, run_ids: Iterable[RunId]) -> Iterator[StoredRun]:
        return (stored for each in run_ids if (stored := self.get(each)) is not None)


def test_an_unreadable_row_does_not_prevent_the_repair_of_other_runs() -> None:
    """A row of a newer release, read after a rollback, must not end the pass."""
    world = World(Unreadable())
    world.stored(a_run(run_id=Unreadable.damaged, queued_at=NOON - ACCEPTANCE_TIMEOUT * 2))
    world.enqueue(a_run(run_id=Unreadable.damaged))
    healthy = world.stored(running())
    world.reconcile()
    assert world.engine.is_live(healthy.run_id, 1)
    assert len(world.runs.active) == 2, "what cannot be read is not withdrawn"


def test_running_attempts_get_their_leases_first_if_the_engine_has_lost_its_state(
    world: World,
) -> None:
    """A Dispatcher that has lost everything believes its limits to be free."""
    queued = world.stored(a_run(task=ONE_AT_A_TIME.name))
    busy = world.stored(replace(running("b"), task=ONE_AT_A_TIME.name))
    world.reconcile()
    assert world.engine.live == {(busy.run_id, 1)}
    assert queued.run_id in world.engine.dispatcher("main").waiting


def test_the_next_pass_applies_an_edit_whose_signal_was_lost(world: World) -> None:
    first, second = (
        world.stored(a_run(run_id=run_id(name), task=ONE_AT_A_TIME.name)) for name in "bc"
    )
    world.reconcile()
    assert world.engine.live == {(second.run_id, 1)} or world.engine.live == {(first.run_id, 1)}
    world.engine.unavailable = True
    world.app.define(ONE_AT_A_TIME.model_copy(update={"max_concurrent_runs": 2}))
    world.engine.unavailable = False
    world.reconcile()
    assert world.engine.live == {(first.run_id, 1), (second.run_id, 1)}


def test_each_pass_logs_the_number_of_waiting_and_running_runs_and_the_longest_wait(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.enqueue(a_run(run_id=run_id("b"), task=ONE_AT_A_TIME.name))
    world.enqueue(world.stored(a_run(task=ONE_AT_A_TIME.name)))
    world.clock.now = NOON + timedelta(hours=1)
    with caplog.at_level(logging.INFO):
        world.reconcile()
    measured = [each.__dict__ for each in caplog.records if "oldest_seconds" in each.__dict__]
    assert [each["action"] for each in measured] == ["dispatcher_measured"]
    facts = {name: measured[0][name] for name in ("shard", "waiting", "running", "oldest_seconds")}
    assert facts == {"shard": "main", "waiting": 1, "running": 1, "oldest_seconds": 3600}
