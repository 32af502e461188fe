"""Tests the identities of redefined Tasks and renamed schedules."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from polysync_core.domain.definitions.renames import with_identities
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.run import RunStatus
from tests.fakes.builders import a_platform
from tests.fakes.scheduled import JOB, MINUTELY, Scheduled

DAILY = {"name": "daily", "cron": "0 6 * * *"}
_DAY = timedelta(days=1)


@pytest.fixture
def world() -> Scheduled:
    return Scheduled()


def renew(world: Scheduled, *schedules: dict[str, Any], **facts: Any) -> None:
    """Delete the Task and define it anew under its name."""
    world.delete()
    world.task(*schedules, **facts)


class TestATaskThatIsDefinedAnew:
    def test_an_idempotency_key_starts_a_new_run(self, world: Scheduled) -> None:
        http, headers = world.app.http, {"Idempotency-Key": "k"}
        world.task()
        first = http.post("/tasks/load-daily/run", headers=headers).json()["runId"]
        assert http.post("/tasks/load-daily/run", headers=headers).json()["runId"] == first
        renew(world, parameters={"mode": "b"})
        second = http.post("/tasks/load-daily/run", headers=headers).json()
        assert second["runId"] != first

    def test_a_backfill_fills_every_fire_time(self, world: Scheduled) -> None:
        world.task(DAILY)
        span = [world.clock() - each * _DAY for each in (5, 1)]
        assert not any(each.exists for each in world.backfill(*span).items)
        assert all(each.exists for each in world.backfill(*span).items)
        renew(world, DAILY)
        assert not any(each.exists for each in world.backfill(*span).items)

    def test_a_fire_time_that_the_deleted_task_ran_can_run_again(self, world: Scheduled) -> None:
        world.task(MINUTELY)
        world.tick(minutes=1)
        renew(world, MINUTELY)
        world.clock.advance(minutes=-1)
        renew(world, MINUTELY)
        world.tick(minutes=1)
        assert world.times() == ["01 12:01", "01 12:01"]

    def test_its_gate_is_empty(self, world: Scheduled) -> None:
        world.task(name="one")
        world.task(name="two")
        both = [{"task": "one"}, {"task": "two"}]
        world.task(dependencies=both)
        run = world.app.http.post("/tasks/one/run").json()["runId"]
        stored = world.runs.get(run)
        assert stored is not None
        world.end(stored.run)
        ended = world.runs.get(run)
        assert ended is not None
        world.services.gates.deliver("load-daily", ended.run)
        assert world.services.gates.view("load-daily").groups
        renew(world, dependencies=both)
        assert not world.services.gates.view("load-daily").groups

    def test_an_edit_keeps_the_past(self, world: Scheduled) -> None:
        http, headers = world.app.http, {"Idempotency-Key": "k"}
        world.task()
        first = http.post("/tasks/load-daily/run", headers=headers).json()["runId"]
        world.task(description="Loads.")
        assert http.post("/tasks/load-daily/run", headers=headers).json()["runId"] == first


def test_a_job_that_is_defined_anew_has_no_past(world: Scheduled) -> None:
    http, headers = world.app.http, {"Idempotency-Key": "k"}
    first = http.post("/jobs/load/run", headers=headers)
    assert first.status_code == 200, first.text
    assert http.delete("/jobs/load").status_code == 204
    world.app.define(a_platform(), read_definition(Kind.JOB, JOB))
    second = http.post("/jobs/load/run", headers=headers)
    assert second.json()["runId"] != first.json()["runId"]


class TestARenamedSchedule:
    def test_what_ran_counts_as_run(self, world: Scheduled) -> None:
        world.task(DAILY)
        world.tick(hours=18)
        for _ in range(3):
            world.tick(days=1)
        span = [world.clock() - 3 * _DAY, world.clock()]
        world.task(DAILY | {"name": "every-day"})
        items = world.backfill(*span, dry_run=True).items
        assert items
        assert all(each.exists for each in items)

    def test_it_stays_paused_and_keeps_its_jitter(self, world: Scheduled) -> None:
        jittered = DAILY | {"jitterSeconds": 3600}
        world.task(jittered)
        before = world.app.http.get("/tasks/load-daily/fire-times").json()["items"][0]["startsAt"]
        world.schedules.pause("load-daily", schedule=None, reason="Fixed.", by="ann")
        world.task(jittered | {"name": "every-day"})
        (status,) = world.schedules.statuses("load-daily")
        assert status.paused is not None
        after = world.app.http.get("/tasks/load-daily/fire-times").json()["items"][0]["startsAt"]
        assert after == before

    def test_a_fire_time_before_the_rename_still_runs(self, world: Scheduled) -> None:
        world.task(MINUTELY)
        world.clock.advance(minutes=1)
        world.task(MINUTELY | {"name": "often"})
        world.tick()
        assert [run.schedule for run in world.made(RunStatus.QUEUED)] == ["often"]

    def test_an_export_can_be_applied_and_changes_nothing(self, world: Scheduled) -> None:
        world.task(DAILY)
        world.task(DAILY | {"name": "every-day"})
        http = world.app.http
        exported = {"tasks": http.get("/definitions").json()["tasks"]}
        (schedule,) = exported["tasks"][0]["schedules"]
        assert schedule["id"] == "daily"
        answer = http.put("/definitions", json=exported)
        assert answer.json().get("update") == [], answer.text
        del schedule["id"]
        assert http.put("/definitions", json=exported).json()["update"] == []


def ids(before: list[dict[str, Any]], after: list[dict[str, Any]]) -> dict[str, str]:
    """Return the identities of the schedules after an edit."""
    tasks = [
        read_definition(Kind.TASK, {"name": "t", "job": "j", "schedules": each})
        for each in (before, after)
    ]
    edited = with_identities(tasks[1], with_identities(tasks[0], None))
    assert isinstance(edited, Task)
    return {each.name: each.identity for each in edited.schedules}


A, B = {"name": "a", "cron": "0 1 * * *"}, {"name": "b", "cron": "0 2 * * *"}


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ([A], [A], {"a": "a"}),
        ([A], [A | {"name": "x"}], {"x": "a"}),
        ([A, B], [A | {"name": "x"}, B], {"x": "a", "b": "b"}),
        ([A, B], [B | {"name": "x"}, A | {"name": "y"}], {"x": "b", "y": "a"}),
        ([A], [B], {"b": "b"}),
        ([A], [A | {"name": "x"}, A | {"name": "y"}], {"x": "x", "y": "y"}),
        ([A], [B | {"name": "x", "id": "a"}], {"x": "a"}),
        ([A | {"name": "x", "id": "a"}], [A | {"name": "x"}], {"x": "a"}),
        (
            [A | {"name": "x", "id": "a"}],
            [A | {"name": "x"}, B | {"name": "a"}],
            {"x": "a", "a": "a-2"},
        ),
    ],
)
def test_an_edit_recognises_renames(
    before: list[dict[str, Any]], after: list[dict[str, Any]], expected: dict[str, str]
) -> None:
    assert ids(before, after) == expected


def test_two_schedules_with_one_id_are_refused(world: Scheduled) -> None:
    task = {"job": "load", "schedules": [A | {"id": "x"}, B | {"id": "x"}]}
    answer = world.app.http.put("/tasks/t", json=task)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "schedules[1].id"
