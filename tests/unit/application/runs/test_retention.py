"""Deleting expired data: when, in which order, and after failures."""

from __future__ import annotations

import itertools
import logging
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import pytest

from polysync_core.application.runs.retention import BUDGET, Periods, Retention, windows
from polysync_core.domain.errors import Unavailable
from polysync_core.domain.runs.retention import is_expired
from polysync_core.domain.runs.run import RunStatus
from tests.fakes.builders import NOON, FakeClock, a_run, run_id
from tests.fakes.engine import FakeEngine
from tests.fakes.runs import FakeRunTable

DAY = timedelta(days=1)


@dataclass
class Shelf:
    """A kind of data to delete."""

    clock: FakeClock
    asked: list[datetime] = field(default_factory=list)
    fails: bool = False
    rounds: int = 0

    def forget(self, before: datetime, more: Callable[[], bool]) -> int:
        self.asked.append(before)
        if self.fails:
            raise Unavailable
        while more():
            self.rounds += 1
            self.clock.advance(seconds=30)
        return self.rounds


@dataclass
class World:
    clock: FakeClock = field(default_factory=FakeClock)
    runs: FakeRunTable = field(default_factory=FakeRunTable)
    engine: FakeEngine = field(default_factory=FakeEngine)
    shelves: dict[str, Shelf] = field(default_factory=dict)

    def retention(self) -> Retention:
        names = ("purge_runs", "purge_outcomes", "purge_audit", "purge_messages")
        self.shelves = {name: Shelf(self.clock) for name in names}
        forgets: dict[str, Any] = {name: each.forget for name, each in self.shelves.items()}
        periods = Periods(runs=90 * DAY, engine=7 * DAY)
        return Retention(runs=self.runs, periods=periods, clock=self.clock, **forgets)

    def owe(self, name: str, age: timedelta, status: RunStatus) -> datetime:
        queued_at = self.clock() - age
        run = a_run(run_id=run_id(name), queued_at=queued_at, status=status)
        self.runs.add_active(run)
        return queued_at


@pytest.fixture
def world() -> World:
    return World()


def test_every_step_is_asked_for_what_is_older_than_its_period(world: World) -> None:
    before = world.clock() - 90 * DAY
    world.retention().purge(world.engine)
    asked = [day for shelf in world.shelves.values() for day in shelf.asked]
    # Each step takes its time, and the period ends at one moment for all.
    assert asked == [before] * 4
    assert world.engine.forgotten[-1][1] == NOON - 7 * DAY


def test_no_step_takes_more_than_its_part_of_the_time(world: World) -> None:
    world.retention().purge(world.engine)
    rounds = {shelf.rounds for shelf in world.shelves.values()}
    assert rounds == {BUDGET // timedelta(seconds=30)}
    assert timedelta(minutes=10) > 5 * BUDGET, "the host's limit"


def test_a_failed_step_does_not_prevent_the_other_steps(
    world: World, caplog: pytest.LogCaptureFixture
) -> None:
    retention = world.retention()
    world.engine.unavailable = True
    world.shelves["purge_audit"].fails = True
    with caplog.at_level(logging.ERROR), pytest.raises(Unavailable):
        retention.purge(world.engine)
    failed = [each.__dict__["step"] for each in caplog.records]
    assert failed == ["orchestrations", "audit"]
    assert all(shelf.asked for shelf in world.shelves.values())


def test_deduplication_rows_stay_for_outcomes_that_are_not_delivered_yet(world: World) -> None:
    world.owe("goes on", 200 * DAY, RunStatus.RUNNING)
    oldest = world.owe("ended, not found", 150 * DAY, RunStatus.SUCCEEDED)
    world.owe("ended later, not found", 120 * DAY, RunStatus.FAILED)
    world.owe("young", DAY, RunStatus.SUCCEEDED)
    world.retention().purge(world.engine)
    assert world.shelves["purge_outcomes"].asked == [oldest]
    assert world.shelves["purge_audit"].asked == [NOON - 90 * DAY]


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
