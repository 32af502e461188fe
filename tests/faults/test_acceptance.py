"""The acceptance of a run, concurrent with another request or with the reconciler."""

from __future__ import annotations

from datetime import timedelta

import pytest

from polysync_core.application.runs.task_runs import RunRequest
from polysync_core.domain.runs.listing import Listing
from polysync_core.domain.runs.run import TaskRun, new_run
from polysync_core.storage.runs.table import TableRuns
from tests.fakes.builders import NOON, a_run
from tests.faults.invariants import check_invariants
from tests.faults.virtual_app import VirtualApp

REQUEST = RunRequest(task="nap", parameters={}, actor="test")


def indexed(runs: TableRuns, microsecond: int) -> TaskRun:
    run = new_run(
        a_run(request_digest=REQUEST.digest, queued_at=NOON.replace(microsecond=microsecond)),
        actor="test",
    )
    runs.index_active(run)
    return run


def test_two_requests_for_one_run_in_one_millisecond_keep_its_index_entry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """Index keys have milliseconds, but entries have microseconds.

    The slower request must not remove the entry of the faster one. Without an entry, a run whose
    signal is lost is lost.
    """
    app = VirtualApp(monkeypatch)
    runs = app.process.ports.runs
    first, second = indexed(runs, 123_100), indexed(runs, 123_900)
    assert runs.insert(first) is not None
    assert app.process.run_factory.accept(second, app.client) == first
    app.clock.advance(3600)
    app.reconcile()
    assert runs.page(Listing()).items == [first]
    app.run_until_idle()
    check_invariants(app)


def test_a_run_that_is_accepted_slowly_keeps_its_index_entry(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    """The insertion of the row may take longer than 30 seconds.

    Until then the index entry must not count as abandoned. Without an entry, a run whose signal is
    lost is lost.
    """
    app = VirtualApp(monkeypatch)
    run = new_run(a_run(request_digest=REQUEST.digest, queued_at=app.clock()), actor="test")
    app.process.ports.runs.index_active(run)
    app.clock.advance(120)
    app.reconcile()
    assert app.process.ports.runs.insert(run) is not None
    app.run_until_idle()
    assert check_invariants(app)


def test_an_abandoned_index_entry_is_removed_after_15_minutes(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    app = VirtualApp(monkeypatch)
    app.process.ports.runs.index_active(
        new_run(a_run(request_digest=REQUEST.digest, queued_at=app.clock()), actor="test")
    )
    app.clock.advance(timedelta(minutes=16).total_seconds())
    app.reconcile()
    assert list(app.process.ports.runs.active_runs()) == []
