"""Tests that a failed fire time can run again with corrected values."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.runs.run import RunStatus, TaskRun
from tests.fakes.scheduled import Scheduled

NIGHTLY = {"name": "nightly", "cron": "1 12 * * *"}


@pytest.fixture
def world() -> Scheduled:
    return Scheduled()


def failed(world: Scheduled, **schedule: Any) -> TaskRun:
    """Return the failed run of a fire time whose Task has the value `wrong`."""
    world.task(NIGHTLY | schedule, parameters={"mode": "wrong"})
    world.tick(minutes=1)
    (run,) = world.made()
    world.end(run, RunStatus.FAILED)
    return run


def again(world: Scheduled, run: TaskRun, **body: Any) -> TaskRun:
    answer = world.app.http.post(f"/task-runs/{run.run_id}/rerun", json=body)
    assert answer.status_code == 202, answer.text
    stored = world.runs.get(answer.json()["runId"])
    assert stored is not None
    return stored.run


def test_the_present_values_of_the_task_run_at_the_old_scheduled_time(world: Scheduled) -> None:
    run = failed(world)
    world.task(NIGHTLY, parameters={"mode": "right"})
    assert again(world, run).parameters["mode"] == "wrong"
    new = again(world, run, refresh=True)
    assert new.parameters["mode"] == "right"
    assert new.scheduled_time == run.scheduled_time


def test_the_present_values_of_the_schedule_count(world: Scheduled) -> None:
    run = failed(world, parameters={"day": "old"})
    world.task(NIGHTLY | {"parameters": {"day": "new"}}, parameters={"mode": "right"})
    new = again(world, run, refresh=True)
    assert (new.parameters["day"], new.parameters["mode"]) == ("new", "right")


def test_given_values_win(world: Scheduled) -> None:
    run = failed(world)
    world.task(NIGHTLY, parameters={"mode": "right"})
    new = again(world, run, refresh=True, parameters={"day": "given"})
    assert (new.parameters["day"], new.parameters["mode"]) == ("given", "right")


def test_a_run_of_a_parameter_that_the_job_lost_can_run_again(world: Scheduled) -> None:
    run = failed(world, parameters={"day": "old"})
    world.task(NIGHTLY, parameters={"mode": "right"})
    lost = {"parameters": [{"name": "mode", "default": "whole"}]}
    assert world.app.http.patch("/jobs/load", json=lost).status_code == 200
    path = f"/task-runs/{run.run_id}/rerun"
    assert world.app.http.post(path, json={}).status_code == 422
    assert again(world, run, refresh=True).parameters == {"mode": "right"}


def test_a_repair_cannot_take_present_values(world: Scheduled) -> None:
    run = failed(world)
    path = f"/task-runs/{run.run_id}/rerun"
    answer = world.app.http.post(path, json={"refresh": True, "fromFailure": True})
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "refresh"


def test_the_console_offers_the_present_values(world: Scheduled) -> None:
    run = failed(world)
    world.task(NIGHTLY, parameters={"mode": "right"})
    page = world.app.browser.get(f"/runs/{run.run_id}/rerun")
    assert 'name="refresh"' in page.text
    answer = world.app.browser.post(f"/runs/{run.run_id}/rerun", data={"refresh": "true"})
    assert answer.status_code == 303
    (new,) = [each for each in world.made() if each.rerun_of == run.run_id]
    assert new.parameters["mode"] == "right"


def test_a_backfill_is_announced_oldest_first(world: Scheduled) -> None:
    announced: list[str] = []
    enqueue = world.engine.enqueue

    def note(shard: str, waiting: Any, policies: Any) -> None:
        announced.append(waiting.run_id)
        enqueue(shard, waiting, policies)

    world.engine.enqueue = note  # type: ignore[method-assign]
    world.task({"name": "hourly", "cron": "0 * * * *"})
    end = world.clock()
    result = world.backfill(end.replace(day=1, hour=0), end, max_concurrent_runs=1)
    assert announced == [item.run_id for item in result.items]
    leases = list(world.engine.states["main"].leases)
    assert leases == [result.items[0].run_id]
