"""Deleting expired data: when, in which order, and after failures."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from polysync_core.application.runs.retention import BUDGET, Retention, windows
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.retention import is_expired
from polysync_core.domain.runs.run import RunStatus
from tests.fakes.app import FakeApp
from tests.fakes.builders import NOON, FakeClock, a_run, run_id
from tests.fakes.engine import FakeEngine
from tests.fakes.runs import FakeRunTable

DAY = timedelta(days=1)
PURGES = ("runs", "outcomes", "audit", "messages", "versions", "results")


@dataclass
class RecordedPurge:
    """A purge that records its calls and needs 20 seconds for each part."""

    clock: FakeClock
    calls: list[datetime] = field(default_factory=list)
    fails: bool = False
    rounds: int = 0

    def purge(self, before: datetime, more: Callable[[], bool]) -> int:
        self.calls.append(before)
        if self.fails:
            raise Unavailable
        while more():
            self.rounds += 1
            self.clock.advance(seconds=20)
        return self.rounds


@dataclass
class World:
    clock: FakeClock = field(default_factory=FakeClock)
    runs: FakeRunTable = field(default_factory=FakeRunTable)
    engine: FakeEngine = field(default_factory=FakeEngine)
    purges: dict[str, RecordedPurge] = field(default_factory=dict)

    def retention(self) -> Retention:
        names = [f"purge_{name}" for name in PURGES]
        self.purges = {name: RecordedPurge(self.clock) for name in names}
        ports: dict[str, Any] = {name: each.purge for name, each in self.purges.items()}
        return FakeApp(clock=self.clock, runs=self.runs, **ports).services.retention

    def still_active(self, name: str, age: timedelta, status: RunStatus) -> datetime:
        queued_at = self.clock() - age
        run = a_run(run_id=run_id(name), queued_at=queued_at, status=status)
        self.runs.add_active(run)
        return queued_at


@pytest.fixture
def world() -> World:
    return World()


def test_every_step_deletes_the_data_that_is_older_than_its_period(world: World) -> None:
    before = world.clock() - 90 * DAY
    world.retention().purge(world.engine)
    days = [day for purge in world.purges.values() for day in purge.calls]
    # Each step takes its time, and the period ends at one moment for all.
    assert days == [before] * len(PURGES)
    assert world.engine.forgotten[-1][1] == NOON - 7 * DAY


def test_no_step_takes_more_than_its_part_of_the_time(world: World) -> None:
    world.retention().purge(world.engine)
    rounds = {purge.rounds for purge in world.purges.values()}
    assert rounds == {BUDGET // timedelta(seconds=20)}
    assert timedelta(minutes=10) > 7 * BUDGET, "the host's limit"


def test_a_failed_step_does_not_prevent_the_other_steps(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    retention = world.retention()
    world.engine.unavailable = True
    world.purges["purge_audit"].fails = True
    with caplog.at_level(logging.ERROR), pytest.raises(Unavailable):
        retention.purge(world.engine)
    failed = [each.__dict__["step"] for each in caplog.records]
    assert failed == ["orchestrations", "audit"]
    assert all(purge.calls for purge in world.purges.values())


def test_deduplication_rows_stay_for_outcomes_that_are_not_delivered_yet(world: World) -> None:
    world.still_active("goes on", 200 * DAY, RunStatus.RUNNING)
    oldest = world.still_active("ended, not found", 150 * DAY, RunStatus.SUCCEEDED)
    world.still_active("ended later, not found", 120 * DAY, RunStatus.FAILED)
    world.still_active("young", DAY, RunStatus.SUCCEEDED)
    world.retention().purge(world.engine)
    assert world.purges["purge_outcomes"].calls == [oldest]
    assert world.purges["purge_audit"].calls == [NOON - 90 * DAY]


def test_the_windows_cover_the_whole_period() -> None:
    found = list(windows(NOON))
    assert found[0][1] == NOON - DAY
    assert found[-1][1] == NOON
    assert all(end == start for (_, end), (start, _) in itertools.pairwise(found))


@pytest.mark.parametrize(
    ("status", "finished_at", "expired"),
    [
        (RunStatus.SUCCEEDED, NOON - DAY, True),
        (RunStatus.SUCCEEDED, NOON, False),  # ended since, however long it took
        (RunStatus.RUNNING, None, False),
        (RunStatus.QUEUED, None, False),
    ],
)
def test_a_run_expires_by_its_end(
    status: RunStatus, finished_at: datetime | None, expired: bool
) -> None:
    run = a_run(status=status, queued_at=NOON - 400 * DAY, finished_at=finished_at)
    assert is_expired(run, NOON) is expired
