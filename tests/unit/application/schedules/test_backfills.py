"""Tests of stored backfills: list, progress, cancel, order and redo."""

from __future__ import annotations

from datetime import timedelta
from typing import Any

import pytest

from polysync_core.domain.runs.run import RunStatus
from tests.fakes.scheduled import Scheduled

HOURLY = {"name": "hourly", "cron": "0 * * * *"}


@pytest.fixture
def world() -> Scheduled:
    world = Scheduled()
    world.task(HOURLY)
    return world


def fill(world: Scheduled, **body: Any) -> dict[str, Any]:
    end = world.clock()
    span = {"from": (end - timedelta(hours=6)).isoformat(), "to": end.isoformat()}
    answer = world.app.http.post("/tasks/load-daily/backfill", json=span | body)
    assert answer.status_code in {200, 202}, answer.text
    found: dict[str, Any] = answer.json()
    return found


def read(world: Scheduled, backfill_id: str) -> dict[str, Any]:
    answer = world.app.http.get(f"/backfills/{backfill_id}")
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def end_all(world: Scheduled, *statuses: RunStatus) -> None:
    for run, status in zip(world.made(RunStatus.QUEUED), statuses, strict=False):
        world.end(run, status)


class TestProgress:
    def test_a_backfill_shows_its_runs_by_status(self, world: Scheduled) -> None:
        made = fill(world, maxConcurrentRuns=2)
        end_all(world, RunStatus.SUCCEEDED, RunStatus.FAILED)
        shown = read(world, made["backfillId"])
        assert (shown["count"], shown["isDone"], shown["maxConcurrentRuns"]) == (6, False, 2)
        assert shown["runs"] == {
            **dict.fromkeys(RunStatus, 0),
            "Succeeded": 1,
            "Failed": 1,
            "Queued": 4,
        }

    def test_backfills_are_listed_newest_first_also_by_task(self, world: Scheduled) -> None:
        first = fill(world)["backfillId"]
        world.clock.advance(hours=1)
        second = fill(world)["backfillId"]
        world.task(HOURLY, name="other")
        http = world.app.http
        listed = [each["backfillId"] for each in http.get("/backfills").json()["items"]]
        assert listed == [second, first]
        assert http.get("/backfills?task=other").json()["items"] == []
        assert len(http.get("/backfills?task=load-daily").json()["items"]) == 2
        page = http.get("/backfills?limit=1").json()
        token = page["continuationToken"]
        rest = http.get("/backfills", params={"limit": 1, "continuationToken": token}).json()
        assert [each["backfillId"] for each in rest["items"]] == [first]

    def test_a_dry_run_stores_nothing(self, world: Scheduled) -> None:
        fill(world, dryRun=True)
        assert world.app.http.get("/backfills").json()["items"] == []

    def test_a_repeated_request_continues_the_same_backfill(self, world: Scheduled) -> None:
        assert fill(world)["backfillId"] == fill(world)["backfillId"]
        assert len(world.app.http.get("/backfills").json()["items"]) == 1

    @pytest.mark.parametrize("name", ["bnone", "b~1", "x" * 300])
    def test_an_unknown_backfill_is_not_found(self, world: Scheduled, name: str) -> None:
        assert world.app.http.get(f"/backfills/{name}").status_code == 404
        assert world.app.http.post(f"/backfills/{name}/cancel").status_code == 404


class TestCancel:
    def test_one_call_cancels_all_that_has_not_ended(self, world: Scheduled) -> None:
        made = fill(world, maxConcurrentRuns=1)
        end_all(world, RunStatus.SUCCEEDED)
        answer = world.app.http.post(f"/backfills/{made['backfillId']}/cancel")
        assert answer.status_code == 202, answer.text
        shown = answer.json()
        assert (shown["runs"]["Succeeded"], shown["runs"]["Cancelled"]) == (1, 5)
        assert shown["isDone"]
        assert shown["cancelledAt"] is not None
        assert world.engine.states["main"].waiting == {}

    def test_runs_of_others_are_left_alone(self, world: Scheduled) -> None:
        made = fill(world)
        world.app.http.post("/tasks/load-daily/run", json={})
        world.app.http.post(f"/backfills/{made['backfillId']}/cancel")
        assert [run.backfill_id for run in world.made(RunStatus.QUEUED)] == [None]

    def test_cancelling_twice_changes_nothing(self, world: Scheduled) -> None:
        path = f"/backfills/{fill(world)['backfillId']}/cancel"
        first = world.app.http.post(path).json()
        world.clock.advance(minutes=1)
        assert world.app.http.post(path).json() == first


class TestRedo:
    def test_failed_fire_times_run_again_and_name_the_failed_run(self, world: Scheduled) -> None:
        fill(world)
        failed = world.made()[1]
        end_all(world, RunStatus.SUCCEEDED, RunStatus.FAILED, *[RunStatus.SUCCEEDED] * 4)
        assert fill(world)["created"] == 0
        redone = fill(world, redo="failed")
        assert (redone["created"], redone["existing"]) == (1, 5)
        (run,) = world.made(RunStatus.QUEUED)
        assert (run.rerun_of, run.scheduled_time) == (failed.run_id, failed.scheduled_time)

    def test_a_redo_that_fails_can_be_redone_and_a_repetition_waits_for_it(
        self, world: Scheduled
    ) -> None:
        fill(world)
        end_all(world, *[RunStatus.FAILED] * 6)
        assert fill(world, redo="failed")["created"] == 6
        assert fill(world, redo="failed")["created"] == 0
        end_all(world, *[RunStatus.FAILED] * 6)
        assert fill(world, redo="failed")["created"] == 6

    def test_a_failed_scheduled_run_is_redone(self, world: Scheduled) -> None:
        world.tick(hours=1)
        (run,) = world.made()
        world.end(run, RunStatus.FAILED)
        world.clock.advance(minutes=1)
        redone = fill(world, redo="failed")
        assert redone["created"] == 6
        assert run.run_id in {each.rerun_of for each in world.made()}

    def test_a_cancelled_backfill_can_be_redone(self, world: Scheduled) -> None:
        made = fill(world)
        world.app.http.post(f"/backfills/{made['backfillId']}/cancel")
        assert fill(world)["created"] == 0
        assert fill(world, redo="failed")["created"] == 6
        assert read(world, made["backfillId"])["cancelledAt"] is None


@pytest.mark.parametrize(
    ("order", "first"), [("OldestFirst", "01 06:00"), ("NewestFirst", "01 11:00")]
)
def test_the_order_decides_which_run_starts_first(world: Scheduled, order: str, first: str) -> None:
    fill(world, maxConcurrentRuns=1, order=order)
    (lease,) = world.engine.states["main"].leases
    stored = world.runs.get(lease)
    assert stored is not None
    assert f"{stored.run.scheduled_time:%d %H:%M}" == first


@pytest.mark.parametrize(("field", "value"), [("redo", "all"), ("order", "Random"), ("redo", 1)])
def test_a_wrong_choice_is_refused_with_its_field(world: Scheduled, field: str, value: Any) -> None:
    body = {"from": "2026-02-01", "to": "2026-02-02", field: value}
    answer = world.app.http.post("/tasks/load-daily/backfill", json=body)
    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == field


def test_old_backfills_are_deleted(world: Scheduled) -> None:
    fill(world)
    store = world.services.ports.backfills
    assert (
        world.services.ports.purge_backfills(world.clock() - timedelta(days=1), lambda: True) == 0
    )
    assert (
        world.services.ports.purge_backfills(world.clock() + timedelta(days=1), lambda: True) == 1
    )
    assert store.page(None, limit=5).items == []


def test_the_console_shows_and_cancels_a_backfill(world: Scheduled) -> None:
    made = fill(world)
    page = world.app.browser.get("/tasks/load-daily/backfill")
    assert page.status_code == 200
    assert made["backfillId"] in page.text
    address = f"/tasks/load-daily/backfills/{made['backfillId']}/cancel"
    assert world.app.browser.post(address).status_code == 303
    assert read(world, made["backfillId"])["runs"]["Cancelled"] == 6


class TestDependents:
    @pytest.fixture
    def world(self, world: Scheduled) -> Scheduled:
        for name, upstream in (("clean", "load-daily"), ("report", "clean")):
            world.task(name=name, dependencies=[{"task": upstream}])
        return world

    def test_their_runs_count_in_the_limit_of_the_backfill(self, world: Scheduled) -> None:
        made = fill(world, maxConcurrentRuns=2)
        dispatcher = world.engine.dispatcher("main")
        first, second, *_ = world.made(RunStatus.QUEUED)
        world.carry(first)
        world.carry(second)
        assert len(dispatcher.leases) == 2, "the runs that follow share the two slots"
        (child, _) = world.made(task="clean")
        assert (child.backfill_id, child.backfill_limit) == (made["backfillId"], 2)
        world.carry(child)
        (grandchild,) = world.made(task="report")
        assert grandchild.backfill_id == made["backfillId"]
        assert len(dispatcher.leases) == 2
        assert read(world, made["backfillId"])["count"] == 6

    def test_a_cancelled_backfill_cancels_them_as_well(self, world: Scheduled) -> None:
        made = fill(world, maxConcurrentRuns=2)
        first, *_ = world.made(RunStatus.QUEUED)
        world.carry(first)
        world.app.http.post(f"/backfills/{made['backfillId']}/cancel")
        (child,) = world.made(task="clean")
        assert child.status is RunStatus.CANCELLED

    def test_a_run_outside_the_backfill_has_no_part_in_it(self, world: Scheduled) -> None:
        fill(world, maxConcurrentRuns=1)
        world.tick(hours=1)
        scheduled = next(run for run in world.made() if run.backfill_id is None)
        world.carry(scheduled)
        (child,) = world.made(task="clean")
        assert (child.backfill_id, child.backfill_limit) == (None, None)
