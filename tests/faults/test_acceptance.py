"""Accepting a run beside another request and beside the reconciler."""

from __future__ import annotations

from datetime import timedelta

import pytest

from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.domain.runs.run import TaskRun, new_run
from polysync_core.domain.runs.stored import Listing
from polysync_core.storage.runs import TableRuns
from tests.fakes.builders import NOON, a_run
from tests.faults.promises import check_promises
from tests.faults.rig import World

REQUEST = RunRequest(task="nap", parameters={}, actor="test")


def announced(runs: TableRuns, microsecond: int) -> TaskRun:
    run = new_run(
        a_run(request_digest=REQUEST.digest, queued_at=NOON.replace(microsecond=microsecond)),
        actor="test",
    )
    runs.index_active(run)
    return run


def test_two_requests_for_one_run_in_one_millisecond_leave_it_in_the_lists(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Places in the lists were a millisecond apart and announcements told apart by the
    microsecond: the slower request took back its own and with it that of the run, which then was
    in no list, and lost if its signal was."""
    world = World(monkeypatch)
    runs = world.process.ports.runs
    first, second = announced(runs, 123_100), announced(runs, 123_900)
    assert runs.insert(first) is not None
    assert world.process.run_factory.accept(second, world.client) == first
    world.clock.advance(3600)
    world.reconcile()
    assert runs.page(Listing()).items == [first]
    world.come_to_rest()
    check_promises(world)


def test_a_run_that_is_accepted_slowly_keeps_its_announcement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An announcement counted as abandoned after 30 seconds, while storage is asked for longer than
    that to take the row. A run that came late was in no list, and lost if its signal was."""
    world = World(monkeypatch)
    run = new_run(a_run(request_digest=REQUEST.digest, queued_at=world.clock()), actor="test")
    world.process.ports.runs.index_active(run)
    world.clock.advance(120)
    world.reconcile()
    assert world.process.ports.runs.insert(run) is not None
    world.come_to_rest()
    assert check_promises(world)


def test_an_abandoned_announcement_is_withdrawn_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    world = World(monkeypatch)
    world.process.ports.runs.index_active(
        new_run(a_run(request_digest=REQUEST.digest, queued_at=world.clock()), actor="test")
    )
    world.clock.advance(timedelta(minutes=16).total_seconds())
    world.reconcile()
    assert list(world.process.ports.runs.active_runs()) == []
