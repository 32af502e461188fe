"""The durable client behind the use cases' `Engine`, against the real Durable extension."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from orchestrations.engine import DurableEngine
from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.dispatch.state import WaitingRun
from polysync_core.domain.runs.identity import BackfillId, RunId
from tests.faults.local_system import LocalSystem, has_ended, is_submitted
from tests.host_kinds import HostKind, on
from tests.integration.devhost.host_process import eventually

pytestmark = [pytest.mark.devhost, on(HostKind.FUNCTIONS)]

HOUR = timedelta(hours=1)


@pytest.fixture
def engine(system: LocalSystem) -> DurableEngine:
    """The engine, by the configuration that the extension gives to the app."""
    return DurableEngine((system.host.data / "client.json").read_text())


def test_a_running_attempt_has_a_live_orchestration_and_a_lease(
    system: LocalSystem, engine: DurableEngine
) -> None:
    run_id = RunId(system.run(60))
    system.wait_for([run_id], is_submitted)
    assert engine.is_live(run_id, 1)
    assert run_id in engine.dispatcher("main").leases

    system.cancel(run_id)
    eventually(lambda: not engine.is_live(run_id, 1))


def test_only_orchestrations_that_ended_within_the_window_are_deleted(
    system: LocalSystem, engine: DurableEngine
) -> None:
    now = datetime.now(UTC)
    ended, goes_on = system.run(0.1), system.run(60)
    system.wait_for([ended], has_ended)
    system.wait_for([goes_on], is_submitted)
    eventually(lambda: not engine.is_live(RunId(ended), 1))

    assert engine.forget_ended(now - 3 * HOUR, now - HOUR) == 0
    assert engine.forget_ended(now - HOUR, now + HOUR) >= 1
    assert engine.forget_ended(now - HOUR, now + HOUR) == 0
    assert engine.is_live(RunId(goes_on), 1)
    system.cancel(goes_on)


def test_a_dispatcher_with_more_than_four_megabytes_of_state_is_read(
    engine: DurableEngine,
) -> None:
    """4 MB is the default limit of a gRPC message; `host.json` sets a higher one."""
    count, now = 12, datetime.now(UTC)
    for number in range(count):
        waiting = WaitingRun(
            run_id=RunId(f"large-{number}"),
            attempt=1,
            task=None,
            priority=100,
            queued_at=now,
            not_before=now + HOUR,
            backfill_id=BackfillId("x" * 500_000),
        )
        engine.enqueue("oversized", waiting, PolicySet())
    try:
        eventually(lambda: len(engine.dispatcher("oversized").waiting) == count)
    finally:
        for number in range(count):
            engine.release("oversized", RunId(f"large-{number}"), 1)
    eventually(lambda: not engine.dispatcher("oversized").waiting)
