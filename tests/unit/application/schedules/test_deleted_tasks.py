"""Tests that the last fire times of a deleted Task are recorded."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import suppress
from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import Reference
from polysync_core.domain.runs.run import RunStatus
from polysync_core.domain.runs.skip import SkipKind
from tests.fakes.runs import Crash
from tests.fakes.scheduled import MINUTELY, Scheduled
from tests.fakes.tables import Call

NOONISH = {"name": "noonish", "cron": "10 12 * * *"}
"""Ten minutes after the clock of the world starts."""
JITTERED = NOONISH | {"jitterSeconds": 3600}
REASON = "Skipped: the task was deleted before the run could start."


@pytest.fixture
def world() -> Scheduled:
    return Scheduled()


def skipped(world: Scheduled) -> list[str]:
    """Return the fire times of the skipped runs; each names the deletion."""
    found = world.made(RunStatus.SKIPPED)
    for run in found:
        assert (run.reason, run.skip and run.skip.kind) == (REASON, SkipKind.SCHEDULE_CHANGED)
    return [f"{run.scheduled_time:%d %H:%M}" for run in found]


def with_task(world: Scheduled, *schedules: dict[str, Any], **facts: Any) -> None:
    world.task(*schedules, **facts)
    world.clock.advance(minutes=10, seconds=30)


def test_a_fire_time_before_the_tick_is_recorded(world: Scheduled) -> None:
    with_task(world, NOONISH)
    world.delete()
    world.tick(minutes=1)
    assert (skipped(world), world.times()) == (["01 12:10"], [])
    assert world.tick(days=2).due == 0
    assert world.store.of_task("load-daily") == []


def test_a_fire_time_of_a_gate_in_its_jitter_is_recorded(world: Scheduled) -> None:
    world.task(name="before")
    with_task(world, JITTERED, dependencies=[{"task": "before"}])
    world.delete()
    world.tick(minutes=1)
    assert skipped(world) == ["01 12:10"]


def test_the_fire_times_of_an_outage_are_recorded_by_the_misfire_policy(world: Scheduled) -> None:
    with_task(world, MINUTELY | {"misfire": "All"})
    world.delete()
    world.tick(minutes=1)
    assert skipped(world) == [f"01 12:{minute:02}" for minute in range(1, 11)]


def test_a_run_that_is_queued_already_stays(world: Scheduled) -> None:
    with_task(world, NOONISH)
    world.tick()
    world.delete()
    world.tick(minutes=1)
    assert (skipped(world), world.times()) == ([], ["01 12:10"])


@pytest.mark.parametrize("facts", [{"enabled": False}, {}], ids=["disabled", "paused"])
def test_a_schedule_that_did_not_fire_leaves_nothing(
    world: Scheduled, facts: dict[str, Any]
) -> None:
    world.task(NOONISH, **facts)
    if not facts:
        world.schedules.pause("load-daily", schedule=None, reason="x", by="ann")
    world.clock.advance(minutes=11)
    world.delete()
    world.tick(minutes=1)
    assert world.times(None) == []
    assert world.store.of_task("load-daily") == []


def test_the_job_and_the_platform_may_be_deleted_as_well(world: Scheduled) -> None:
    with_task(world, NOONISH)
    world.delete()
    for kind, name in ((Kind.JOB, "load"), (Kind.PLATFORM, "lakehouse")):
        world.services.definition_editing.delete(Reference(kind, name), engine=world.engine)
    world.tick(minutes=1)
    assert skipped(world) == ["01 12:10"]


def _delete_and_crash(world: Scheduled) -> None:
    """Delete the Task; the process ends before the schedules are synced."""
    reference = Reference(Kind.TASK, "load-daily")
    edit = world.store.record_edit("load-daily")
    definitions = world.services.ports.definitions
    stored = definitions.get(reference.kind, reference.name)
    assert stored is not None
    assert edit.task == "load-daily"
    definitions.delete(stored)  # type: ignore[attr-defined]


DELETIONS: list[Callable[[Scheduled], None]] = [Scheduled.delete, _delete_and_crash]
deletions = pytest.mark.parametrize("delete", DELETIONS, ids=["deleted", "crashed"])


@deletions
def test_a_crash_after_the_deletion_loses_nothing(
    world: Scheduled, delete: Callable[[Scheduled], None]
) -> None:
    with_task(world, NOONISH)
    delete(world)
    world.tick(minutes=1)
    world.tick(minutes=1)
    assert skipped(world) == ["01 12:10"]


@deletions
@pytest.mark.parametrize("again", [NOONISH, NOONISH | {"cron": "0 18 * * *"}, MINUTELY])
def test_a_task_that_is_defined_anew_keeps_the_record_of_the_former_one(
    world: Scheduled, delete: Callable[[Scheduled], None], again: dict[str, Any]
) -> None:
    with_task(world, NOONISH)
    delete(world)
    world.task(again)
    world.tick()
    world.tick(minutes=1)
    assert skipped(world) == ["01 12:10"]
    assert world.times() == (["01 12:11"] if again is MINUTELY else [])


def test_without_a_kept_version_the_state_is_removed(world: Scheduled) -> None:
    with_task(world, NOONISH)
    world.delete()
    world.tables.tables["Versions"].clear()
    world.tick(minutes=1)
    assert (world.times(None), world.store.of_task("load-daily")) == ([], [])


@pytest.mark.parametrize("at", range(6, 20))
def test_a_plan_that_a_crash_cut_short_is_finished_and_not_repeated(
    world: Scheduled, at: int
) -> None:
    """The ids of the runs of a stored plan belong to the deleted Task."""
    world.task(MINUTELY | {"misfire": "Skip"})
    world.clock.advance(hours=3)
    calls = 0

    def crashing(_: Call, do: Callable[[], Any]) -> Any:
        nonlocal calls
        calls += 1
        if calls > at:
            raise Crash
        return do()

    world.tables.intercept = crashing
    with suppress(Crash):
        world.tick()
    world.tables.intercept = lambda _, do: do()
    world.restart()
    world.delete()
    world.task(MINUTELY)
    world.tick()
    world.tick()
    times = [run.scheduled_time for run in world.made()]
    assert len(times) == len(set(times)) > 1
