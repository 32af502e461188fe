"""Tests of the overlap policy KeepNewest."""

from __future__ import annotations

import pytest

from polysync_core.domain.runs.run import RunStatus, begin_attempt
from polysync_core.domain.runs.skip import SkipKind
from tests.fakes.scheduled import MINUTELY, Scheduled

NEWEST = MINUTELY | {"overlap": "KeepNewest"}


@pytest.fixture
def world() -> Scheduled:
    world = Scheduled()
    world.task(NEWEST, maxConcurrentRuns=1)
    return world


def start(world: Scheduled) -> None:
    """Begin the oldest queued run, as its orchestration does."""
    stored = world.runs.get(world.made(RunStatus.QUEUED)[0].run_id)
    assert stored is not None
    world.runs.save(stored, begin_attempt(stored.run, at=world.clock(), actor="test"))


def test_at_most_one_run_waits_and_the_newest_wins(world: Scheduled) -> None:
    world.tick(minutes=1)
    start(world)
    for _ in range(5):
        world.tick(minutes=1)
    assert world.times(RunStatus.RUNNING) == ["01 12:01"]
    assert world.times() == ["01 12:06"]
    assert world.times(RunStatus.SKIPPED) == ["01 12:02", "01 12:03", "01 12:04", "01 12:05"]
    assert len(world.engine.states["main"].waiting) == 1


def test_each_replaced_run_names_the_one_that_replaces_it(world: Scheduled) -> None:
    world.tick(minutes=1)
    start(world)
    world.tick(minutes=1)
    world.tick(minutes=1)
    (skipped,) = world.made(RunStatus.SKIPPED)
    assert skipped.skip is not None
    assert skipped.skip.kind is SkipKind.OVERLAP
    assert "the run of 2026-03-01T12:03:00Z replaces it" in skipped.reason


def test_a_run_by_hand_is_not_replaced(world: Scheduled) -> None:
    world.tick(minutes=1)
    start(world)
    assert world.app.http.post("/tasks/load-daily/run", json={}).status_code == 202
    world.tick(minutes=1)
    world.tick(minutes=1)
    assert len(world.engine.states["main"].waiting) == 2


def test_another_schedule_of_the_task_is_not_replaced(world: Scheduled) -> None:
    world.task(NEWEST, NEWEST | {"name": "other"}, maxConcurrentRuns=1)
    world.tick(minutes=1)
    start(world)
    world.tick(minutes=1)
    world.tick(minutes=1)
    assert {run.schedule for run in world.made(RunStatus.QUEUED)} == {"minutely", "other"}


def test_of_fire_times_at_once_the_last_one_is_kept(world: Scheduled) -> None:
    world.tick(seconds=149)
    assert world.times() == ["01 12:02"]
    assert world.times(RunStatus.SKIPPED) == ["01 12:01"]


def test_catching_up_all_contradicts_it(world: Scheduled) -> None:
    task = {"job": "load", "schedules": [NEWEST | {"misfire": "All"}]}
    answer = world.app.http.put("/tasks/t", json=task)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "schedules[0].overlap"
