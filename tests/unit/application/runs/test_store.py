"""The run store publishes every change of status in order, at least once, despite crashes."""

from __future__ import annotations

import itertools
from contextlib import suppress
from dataclasses import replace

import pytest

from polysync_core.application.runs.reconciling import GRACE
from polysync_core.application.runs.step_result import AttemptMemo
from polysync_core.application.runs.store import PUBLISH_PAUSE_SECONDS, RunStore
from polysync_core.domain.definitions.platforms import Auth, AuthMethod, Platform, PlatformType
from polysync_core.domain.runs.events import RunEvent
from polysync_core.domain.runs.run import (
    RunStatus,
    TaskRun,
    begin_attempt,
    new_run,
    note,
)
from tests.fakes.app import FakeApp
from tests.fakes.builders import NOON, a_run, run_id
from tests.fakes.engine import FakeEngine
from tests.fakes.events import FakePublisher
from tests.fakes.platform import RUNNING, SUCCESS
from tests.fakes.runs import Crash, FakeRunTable

PLATFORM = Platform(
    name="lakehouse",
    type=PlatformType.AZURE_DATABRICKS,
    auth=Auth(method=AuthMethod.DEFAULT_CREDENTIAL),
)
LIFE = [None, RunStatus.QUEUED, RunStatus.RUNNING, RunStatus.SUCCEEDED]


class World:
    """A table and a queue that outlive the processes which use them."""

    def __init__(self) -> None:
        self.table = FakeRunTable()
        self.app = FakeApp(PLATFORM, runs=self.table)
        self.app.platform.reports = [RUNNING, SUCCESS]
        # A sent message counts as a write: a crash may come before it as before any other.
        self.queue = FakePublisher(before_each=self.table.count_write)
        self.monotonic = 0.0
        self.start_process()

    def start_process(self) -> None:
        """Start a process that remembers nothing of the previous one."""
        self.table.crash_at = None
        self.store = RunStore(self.table, self.queue, monotonic=lambda: self.monotonic)
        services = self.app.started()
        finisher = replace(services.run_finisher, store=self.store)
        recorder = replace(services.attempt_recorder, store=self.store, finisher=finisher)
        steps = services.attempt_steps
        changed = replace(steps.services, store=self.store, recorder=recorder)
        self.attempts = replace(steps, services=changed)
        self.reconciler = replace(services.reconciler, store=self.store, finisher=finisher)

    def accept(self) -> None:
        self.store.create(new_run(a_run(), actor="api"))

    def live(self) -> None:
        """Bring the run from its acceptance to its end, as the orchestration does."""
        if self.table.get(run_id()) is None:
            self.accept()
        self.attempts.submit(run_id(), 1, AttemptMemo())
        while not self.attempts.poll(run_id(), 1, AttemptMemo()).done:
            continue

    def reconcile(self) -> None:
        self.app.clock.advance(seconds=GRACE.total_seconds() * 2)
        self.reconciler.reconcile(FakeEngine())

    @property
    def run(self) -> TaskRun:
        return self.table.rows[run_id()].run


@pytest.fixture
def world() -> World:
    return World()


def steps(events: list[RunEvent]) -> list[tuple[RunStatus | None, RunStatus]]:
    return [(event.entry.from_status, event.entry.to_status) for event in events]


def begin(run: TaskRun) -> TaskRun:
    return begin_attempt(run, at=NOON, actor="polysync")


def test_every_change_of_a_run_is_published_once_without_a_crash(world: World) -> None:
    world.live()
    assert steps(world.queue.events) == list(itertools.pairwise(LIFE))
    assert [event.sequence for event in world.queue.events] == [1, 2, 3]


def test_publishing_costs_no_write_of_a_row(world: World) -> None:
    world.live()
    messages = len(world.queue.events)
    assert world.table.writes - messages == 6  # index, insert, begin, submitted, end, deactivate


def test_every_step_in_another_process_repeats_one_event_and_loses_none(world: World) -> None:
    world.accept()
    world.start_process()
    world.attempts.submit(run_id(), 1, AttemptMemo())
    world.start_process()
    while not world.attempts.poll(run_id(), 1, AttemptMemo()).done:
        continue
    assert steps(world.queue.news()) == list(itertools.pairwise(LIFE))
    assert [event.sequence for event in world.queue.events] == [1, 1, 2, 3]


def _writes_of_a_life() -> int:
    world = World()
    world.live()
    return world.table.writes


@pytest.mark.parametrize("ends_by", ["its next step", "the reconciler"])
@pytest.mark.parametrize("write", range(1, _writes_of_a_life() + 1))
def test_a_crash_at_any_write_loses_no_event_and_invents_none(write: int, ends_by: str) -> None:
    world = World()
    world.table.crash_at = write
    with pytest.raises(Crash):
        world.live()
    world.start_process()
    if ends_by == "its next step" or not _has_ended(world):
        world.live()
    world.start_process()
    world.reconcile()

    history = [entry for entry in world.run.history if entry.from_status != entry.to_status]
    assert [event.entry for event in world.queue.news()] == history
    sequences = [event.sequence for event in world.queue.news()]
    assert sequences == sorted(sequences)
    assert not world.table.active


def _has_ended(world: World) -> bool:
    stored = world.table.get(run_id())
    return stored is not None and stored.run.status.is_terminal


@pytest.mark.slow
@pytest.mark.parametrize("second", range(1, 8))
@pytest.mark.parametrize("first", range(1, 9))
def test_a_second_crash_during_the_repair_of_the_first_loses_nothing(
    first: int, second: int
) -> None:
    world = World()
    for distance in (first, second):
        world.start_process()
        world.table.crash_at = world.table.writes + distance
        with suppress(Crash):
            world.live()
    world.start_process()
    world.live()
    world.reconcile()
    assert steps(world.queue.news()) == list(itertools.pairwise(LIFE))
    assert not world.table.active


def test_an_unavailable_queue_does_not_delay_a_run(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    world.queue.away = True
    world.live()
    assert world.run.status is RunStatus.SUCCEEDED
    assert [entry.run_id for entry in world.table.active_runs()] == [run_id()]
    assert [record.action for record in caplog.records if record.levelname == "WARNING"] == [  # type: ignore[attr-defined]
        "events_pending"
    ]


def test_an_unavailable_queue_is_not_called_for_a_while(world: World) -> None:
    world.queue.away = True
    world.live()
    assert world.queue.tries == 1
    world.monotonic += PUBLISH_PAUSE_SECONDS
    world.reconcile()
    assert world.queue.tries == 2


def test_the_reconciler_publishes_the_pending_events_of_an_ended_run(world: World) -> None:
    world.queue.away = True
    world.live()
    world.queue.away = False
    world.start_process()
    world.reconcile()
    assert steps(world.queue.events) == list(itertools.pairwise(LIFE))
    assert not world.table.active
    assert world.table.deactivated == {run_id(): RunStatus.SUCCEEDED}


def test_a_change_that_another_writer_overtook_is_not_published(world: World) -> None:
    world.accept()
    stale = world.table.rows[run_id()]
    world.table.save(stale, replace(stale.run, priority=1))
    world.store.update(stale, lambda run: None if run.priority == 1 else begin(run))
    assert [event.sequence for event in world.queue.events] == [1]


def test_a_note_is_no_event_and_keeps_its_number(world: World) -> None:
    world.accept()
    stored = world.table.rows[run_id()]
    noted = note(stored.run, "Waiting for a cluster.", at=NOON, actor="polysync")
    stored = world.store.update(stored, lambda _: noted)
    world.store.update(stored, begin)
    assert [event.sequence for event in world.queue.events] == [1, 3]


def test_a_run_that_exists_already_is_not_published_again(world: World) -> None:
    world.accept()
    world.accept()
    assert len(world.queue.events) == 1
