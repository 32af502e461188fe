"""POST /task-runs/cancel, which cancels the active runs of a list page by page."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import begin_attempt
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform


class World:
    """Runs of two Tasks on two platforms, a minute apart."""

    def __init__(self) -> None:
        self.app = FakeApp(
            a_platform(),
            a_platform(name="warehouse"),
            a_job(),
            a_job(name="clean", platform="warehouse"),
            Task(name="load", job="sales-load", tags={"team": "sales"}),
            Task(name="clean", job="clean"),
        )

    def start(self, task: str, count: int = 1, *, running: bool = False) -> list[str]:
        return [self._one(task, running=running) for _ in range(count)]

    def _one(self, task: str, *, running: bool) -> str:
        self.app.clock.advance(minutes=1)
        run_id = RunId(self.app.http.post(f"/tasks/{task}/run").json()["runId"])
        if running:
            runs = self.app.services.ports.runs
            stored = runs.get(run_id)
            assert stored is not None
            runs.save(stored, begin_attempt(stored.run, at=self.app.clock(), actor="test"))
        return run_id

    def cancel(self, **query: Any) -> Any:
        given = {name: value for name, value in query.items() if value is not None}
        answer = self.app.http.post("/task-runs/cancel", params=given)
        assert answer.status_code == 202, answer.text
        return answer.json()

    def statuses(self) -> dict[str, str]:
        items = self.app.http.get("/task-runs", params={"limit": 100}).json()["items"]
        return {item["runId"]: item["status"] for item in items}


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("query", "cancelled"),
    [
        ({"platform": "warehouse"}, ["clean"]),
        ({"task": "load"}, ["load"]),
        ({"job": "sales-load", "status": "Queued"}, ["load"]),
        ({"tag": "team=sales"}, ["load"]),
        ({"trigger": "Manual", "taskContains": "cle"}, ["clean"]),
        ({"since": "yesterday"}, ["clean", "load"]),
        ({"status": ["Queued", "Running"]}, ["clean", "load"]),
    ],
)
def test_only_the_matching_runs_are_cancelled(
    world: World, query: dict[str, Any], cancelled: list[str]
) -> None:
    runs = {"load": world.start("load"), "clean": world.start("clean")}

    items = world.cancel(**query)["items"]

    assert [each["task"] for each in items] == cancelled
    assert {each["status"] for each in items} == {"Cancelled"}
    for task, run_ids in runs.items():
        expected = "Cancelled" if task in cancelled else "Queued"
        assert [world.statuses()[each] for each in run_ids] == [expected]


def test_pages_cancel_every_run_once_although_the_list_shrinks(world: World) -> None:
    waiting = world.start("load", 7)
    world.start("clean")
    token, pages = None, []

    while token is not None or not pages:
        page = world.cancel(task="load", limit=3, continuationToken=token)
        pages.append([each["runId"] for each in page["items"]])
        token = page["continuationToken"]

    assert [run_id for page in pages for run_id in page] == [*reversed(waiting)]
    assert max(map(len, pages)) <= 3


def test_a_run_accepted_later_is_kept_out_by_until(world: World) -> None:
    (first,) = world.start("load")
    accepted = world.app.http.get(f"/task-runs/{first}").json()["queuedAt"]
    (later,) = world.start("load")

    world.cancel(task="load", until=accepted.replace(".000Z", ".001Z"))

    assert world.statuses() == {first: "Cancelled", later: "Queued"}


def test_a_running_run_is_asked_to_stop_and_a_repetition_changes_nothing(world: World) -> None:
    (run_id,) = world.start("load", running=True)

    first, second = (world.cancel(task="load", status="Running")["items"] for _ in range(2))

    assert first == second
    assert [(each["runId"], each["cancelRequested"]) for each in first] == [(run_id, True)]


@pytest.mark.parametrize(
    ("query", "words"),
    [
        ({}, "give a filter"),
        ({"limit": 5}, "give a filter"),
        ({"status": "Failed"}, "never changes"),
        ({"status": ["Queued", "Succeeded"]}, "never changes"),
    ],
)
def test_a_request_for_everything_or_for_ended_runs_is_refused(
    world: World, query: dict[str, Any], words: str
) -> None:
    (run_id,) = world.start("load")

    answer = world.app.http.post("/task-runs/cancel", params=query)

    assert answer.status_code == 422
    assert words in answer.json()["errors"][0]["message"]
    assert world.statuses() == {run_id: "Queued"}
