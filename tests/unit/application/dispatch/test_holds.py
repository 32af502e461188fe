"""Tests that a hold keeps accepted runs from their start."""

from __future__ import annotations

from collections.abc import Callable
from datetime import UTC, datetime
from typing import Any

import pytest

from polysync_core.domain.dispatch import decisions
from polysync_core.domain.dispatch.codec import decode_policies, encode_policies
from polysync_core.domain.dispatch.holds import Hold
from polysync_core.domain.dispatch.policies import PolicySet
from polysync_core.domain.schedules.backfills import BackfillOrder
from tests.fakes.scheduled import Scheduled

REASON = {"reason": "The source is wrong."}
SCOPES = ["/tasks/load-daily", "/platforms/lakehouse", ""]


@pytest.fixture
def world() -> Scheduled:
    world = Scheduled()
    world.task()
    return world


def start(world: Scheduled, task: str = "load-daily") -> str:
    answer = world.app.http.post(f"/tasks/{task}/run", json={})
    assert answer.status_code == 202, answer.text
    return str(answer.json()["runId"])


def post(world: Scheduled, path: str, body: Any = None, status: int = 200) -> dict[str, Any]:
    answer = world.app.http.post(path, json=body)
    assert answer.status_code == status, answer.text
    found: dict[str, Any] = answer.json()
    return found


def started(world: Scheduled) -> set[str]:
    state = world.engine.states.get("main")
    return set() if state is None else set(state.leases)


@pytest.mark.parametrize("scope", SCOPES)
class TestScopes:
    def test_a_new_run_waits_for_the_release_and_says_so(
        self, world: Scheduled, scope: str
    ) -> None:
        post(world, f"{scope}/hold", REASON)
        run = start(world)
        assert started(world) == set()
        (reason,) = world.app.http.get(f"/task-runs/{run}/explain").json()["waitingFor"]
        assert reason["kind"] == "Held"
        assert "The source is wrong." in reason["sentence"]
        post(world, f"{scope}/release")
        assert started(world) == {run}

    def test_a_queued_run_and_a_retry_wait(self, world: Scheduled, scope: str) -> None:
        world.task(maxConcurrentRuns=1)
        first, second = start(world), start(world)
        post(world, f"{scope}/hold", REASON)
        world.engine.release("main", first, 1)  # type: ignore[arg-type]
        assert started(world) == set()
        post(world, f"{scope}/release")
        assert started(world) == {second}

    def test_it_is_listed_with_its_reason_until_the_release(
        self, world: Scheduled, scope: str
    ) -> None:
        made = post(world, f"{scope}/hold", REASON)
        assert world.app.http.get("/holds").json()["items"] == [made]
        assert made["reason"] == REASON["reason"]
        assert post(world, f"{scope}/release")["active"] is False
        assert world.app.http.get("/holds").json()["items"] == []
        post(world, f"{scope}/release", status=404)

    def test_it_survives_an_edit_and_a_restart(self, world: Scheduled, scope: str) -> None:
        post(world, f"{scope}/hold", REASON)
        world.task(description="Loads.")
        world.app.restart()
        start(world)
        assert started(world) == set()


def test_the_hold_of_one_task_leaves_others_alone(world: Scheduled) -> None:
    world.task(name="other")
    post(world, "/tasks/load-daily/hold", REASON)
    start(world)
    free = start(world, "other")
    assert started(world) == {free}


def test_a_scheduled_run_queues_up(world: Scheduled) -> None:
    world.task({"name": "minutely", "cron": "* * * * *"})
    post(world, "/hold", REASON)
    world.tick(minutes=1)
    assert started(world) == set()
    assert world.times() == ["01 12:01"]


@pytest.mark.parametrize("path", ["/tasks/none/hold", "/platforms/none/hold"])
def test_an_unknown_scope_is_not_found(world: Scheduled, path: str) -> None:
    post(world, path, REASON, status=404)


@pytest.mark.parametrize("body", [{}, {"reason": ""}, {"reason": "x" * 501}, {"why": "x"}])
def test_a_hold_needs_a_reason(world: Scheduled, body: Any) -> None:
    post(world, "/hold", body, status=422)


def test_a_late_message_about_an_older_version_changes_nothing(world: Scheduled) -> None:
    post(world, "/hold", REASON)
    run = start(world)
    state = world.engine.states["main"]
    (old,) = state.policies.holds.values()
    post(world, "/release")
    assert started(world) == {run}
    decisions.update_policies(state, PolicySet(holds={"all": old}), now=world.clock())
    assert not state.policies.holds["all"].is_active


def test_holds_survive_their_encoding(world: Scheduled) -> None:
    hold = Hold(name="all", version=3, reason="x", by="ann", at=world.clock(), is_active=False)
    policies = PolicySet(holds={"all": hold})
    assert decode_policies(encode_policies(policies)).holds == policies.holds


def test_the_console_holds_and_releases(world: Scheduled) -> None:
    browser = world.app.browser
    form = {"scope": "task", "name": "load-daily", "reason": "The source is wrong."}
    assert browser.post("/holds", data=form).status_code == 303
    assert "The source is wrong." in browser.get("/holds").text
    start(world)
    assert started(world) == set()
    assert browser.post("/holds", data=form | {"do": "release"}).status_code == 303
    assert "Nothing is held." in browser.get("/holds").text


class TestDeletion:
    """A deletion never starts a held run: the hold belongs to the name."""

    def test_the_queued_run_of_a_deleted_task_stays_held(self, world: Scheduled) -> None:
        world.task(maxConcurrentRuns=1)
        post(world, "/tasks/load-daily/hold", REASON)
        run = start(world)
        world.delete()
        world.engine.update_policies("main", world.services.policies.for_run("load-daily", ""))
        assert started(world) == set()
        (reason,) = world.app.http.get(f"/task-runs/{run}/explain").json()["waitingFor"]
        assert (reason["kind"], reason["scope"]) == ("Held", "load-daily")

    def test_a_task_that_is_defined_anew_is_held_until_the_release(self, world: Scheduled) -> None:
        post(world, "/tasks/load-daily/hold", REASON)
        world.delete()
        world.task()
        run = start(world)
        assert started(world) == set()
        post(world, "/tasks/load-daily/release")
        assert started(world) == {run}

    def test_the_hold_of_a_deleted_task_is_listed_and_can_be_released(
        self, world: Scheduled
    ) -> None:
        post(world, "/tasks/load-daily/hold", REASON)
        run = start(world)
        world.delete()
        assert len(world.app.http.get("/holds").json()["items"]) == 1
        post(world, "/tasks/load-daily/release")
        assert started(world) == {run}

    def test_the_queued_runs_of_a_deleted_task_can_be_held(self, world: Scheduled) -> None:
        world.task(maxConcurrentRuns=1)
        first, second = start(world), start(world)
        world.delete()
        post(world, "/tasks/load-daily/hold", REASON)
        world.engine.release("main", first, 1)  # type: ignore[arg-type]
        assert started(world) == set()
        post(world, "/tasks/load-daily/release")
        assert started(world) == {second}


def by_rerun(world: Scheduled) -> str:
    run = start(world)
    world.end(world.made(task="load-daily")[-1])
    post(world, "/hold", REASON)
    return str(post(world, f"/task-runs/{run}/rerun", {}, status=202)["runId"])


def by_job(world: Scheduled) -> str:
    post(world, "/platforms/lakehouse/hold", REASON)
    return str(post(world, "/jobs/load/run", {})["runId"])


def by_backfill(world: Scheduled) -> str:
    world.task({"name": "daily", "cron": "0 6 * * *"})
    post(world, "/hold", REASON)
    world.backfill(datetime(2026, 2, 27, tzinfo=UTC), datetime(2026, 2, 28, tzinfo=UTC))
    return str(world.made()[0].run_id)


@pytest.mark.parametrize("way", [by_rerun, by_job, by_backfill])
def test_every_way_to_start_a_run_is_held(
    world: Scheduled, way: Callable[[Scheduled], str]
) -> None:
    run = way(world)
    assert started(world) == set()
    (reason,) = world.app.http.get(f"/task-runs/{run}/explain").json()["waitingFor"]
    assert reason["kind"] == "Held"
    scope = "" if reason["scope"] is None else "/platforms/lakehouse"
    post(world, f"{scope}/release")
    assert started(world) == {run}


@pytest.mark.parametrize("order", list(BackfillOrder))
def test_a_held_backfill_starts_in_its_order_after_the_release(
    world: Scheduled, order: BackfillOrder
) -> None:
    world.task({"name": "daily", "cron": "0 6 * * *"})
    post(world, "/hold", REASON)
    begin, end = datetime(2026, 2, 20, tzinfo=UTC), datetime(2026, 2, 23, tzinfo=UTC)
    world.backfill(begin, end, max_concurrent_runs=1, order=order)
    assert started(world) == set()
    post(world, "/release")
    times: list[str] = []
    while running := started(world):
        (run_id,) = running
        (run,) = [each for each in world.made() if each.run_id == run_id]
        times.append(f"{run.scheduled_time:%d}")
        world.end(run)
    days = ["20", "21", "22"]
    assert times == (days if order is BackfillOrder.OLDEST_FIRST else days[::-1])


def test_a_held_run_can_be_cancelled(world: Scheduled) -> None:
    post(world, "/tasks/load-daily/hold", REASON)
    run, other = start(world), start(world)
    post(world, f"/task-runs/{run}/cancel", status=202)
    assert world.app.http.get(f"/task-runs/{run}").json()["status"] == "Cancelled"
    post(world, "/tasks/load-daily/release")
    assert started(world) == {other}
