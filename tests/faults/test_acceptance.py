"""Accepting a run beside another request and beside the reconciler."""

from __future__ import annotations

from datetime import timedelta

import pytest

from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.domain.runs.run import TaskRun, new_run
from polysync_core.domain.runs.stored import Listing
from polysync_core.storage.runs import TableRuns
from tests.fakes.builders import NOON, a_run
from tests.faults.invariants import check_invariants
from tests.faults.virtual_app import VirtualApp

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
    app = VirtualApp(monkeypatch)
    runs = app.process.ports.runs
    first, second = announced(runs, 123_100), announced(runs, 123_900)
    assert runs.insert(first) is not None
    assert app.process.run_factory.accept(second, app.client) == first
    app.clock.advance(3600)
    app.reconcile()
    assert runs.page(Listing()).items == [first]
    app.run_until_idle()
    check_invariants(app)


def test_a_run_that_is_accepted_slowly_keeps_its_announcement(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """An announcement counted as abandoned after 30 seconds, while storage is asked for longer than
    that to take the row. A run that came late was in no list, and lost if its signal was."""
    app = VirtualApp(monkeypatch)
    run = new_run(a_run(request_digest=REQUEST.digest, queued_at=app.clock()), actor="test")
    app.process.ports.runs.index_active(run)
    app.clock.advance(120)
    app.reconcile()
    assert app.process.ports.runs.insert(run) is not None
    app.run_until_idle()
    assert check_invariants(app)


def test_an_abandoned_announcement_is_withdrawn_in_the_end(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = VirtualApp(monkeypatch)
    app.process.ports.runs.index_active(
        new_run(a_run(request_digest=REQUEST.digest, queued_at=app.clock()), actor="test")
    )
    app.clock.advance(timedelta(minutes=16).total_seconds())
    app.reconcile()
    assert list(app.process.ports.runs.active_runs()) == []
