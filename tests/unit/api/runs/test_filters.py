"""The filters of GET /task-runs."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.attempts import Outcome
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus, begin_attempt, finish
from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform


class World:
    """Three runs, an hour apart: load (Failed), clean (Succeeded), load (Queued)."""

    def __init__(self) -> None:
        self.app = FakeApp(
            a_platform(),
            a_platform(name="warehouse"),
            a_job(),
            a_job(name="clean", platform="warehouse"),
            Task(name="load", job="sales-load", tags={"team": "sales"}),
            Task(name="clean", job="clean"),
        )
        self.ids = {
            "failed": self.run("load", RunStatus.FAILED),
            "clean": self.run("clean", RunStatus.SUCCEEDED),
            "queued": self.run("load"),
        }

    def run(self, task: str, ends: RunStatus | None = None) -> str:
        self.app.clock.advance(hours=1)
        run_id = RunId(self.app.http.post(f"/tasks/{task}/run").json()["runId"])
        if ends is not None:
            cause = FailureCause.TIMEOUT if ends is RunStatus.FAILED else None
            outcome = Outcome(status=ends, reason="over", cause=cause, error="too long")
            now, runs = self.app.clock(), self.app.services.ports.runs
            stored = runs.get(run_id)
            assert stored is not None
            begun = begin_attempt(stored.run, at=now, actor="test")
            runs.deactivate(runs.save(stored, finish(begun, outcome, at=now, actor="test")).run)
        return run_id

    def listed(self, **query: Any) -> list[str]:
        """Return the names of the listed runs."""
        answer = self.app.http.get("/task-runs", params=query).json()
        names = {run_id: name for name, run_id in self.ids.items()}
        return [names[item["runId"]] for item in answer["items"]]


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["queued", "clean", "failed"]),
        ({"status": ["Failed", "Queued"]}, ["queued", "failed"]),
        ({"platform": "warehouse"}, ["clean"]),
        ({"job": "sales-load", "status": "Queued"}, ["queued"]),
        ({"cause": "Timeout"}, ["failed"]),
        ({"cause": "Artefact"}, []),
        ({"trigger": "Manual", "task": "clean"}, ["clean"]),
        ({"trigger": "Schedule"}, []),
        ({"tag": "team=sales"}, ["queued", "failed"]),
        ({"tag": "team=other"}, []),
        ({"taskContains": "lea"}, ["clean"]),
        ({"since": "90m"}, ["queued", "clean"]),
        ({"since": "today"}, ["queued", "clean", "failed"]),
        ({"since": "Yesterday", "until": "today"}, []),
        ({"until": "90m"}, ["failed"]),
        ({"since": "2026-03-01T16:00:00+02:00"}, ["queued", "clean"]),
        ({"since": "2026-03-01T14:00:00Z", "until": "2026-03-01T15:00:00Z"}, ["clean"]),
    ],
)
def test_each_filter_narrows_the_list(
    world: World, query: dict[str, Any], expected: list[str]
) -> None:
    assert world.listed(**query) == expected


def test_a_graph_run_is_found_by_the_beginning_of_its_id(world: World) -> None:
    assert world.listed(graphRunId=world.ids["clean"][:12]) == ["clean"]


@pytest.mark.parametrize(
    "text", ["tomorrow", "24", "24y", "-1h", "2026-02-30", "2026-03-01T16:00:00", "9" * 39]
)
@pytest.mark.parametrize("name", ["since", "until"])
def test_a_wrong_time_names_the_parameter_and_the_remedy(
    world: World, name: str, text: str
) -> None:
    answer = world.app.http.get("/task-runs", params={name: text})
    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["path"] == name
    assert "24h" in error["message"]


def test_a_date_is_its_midnight_in_utc(world: World) -> None:
    for day in ("2026-02-28", "2026-03-01", "2026-03-02"):
        moment = f"{day}T00:00:00Z"
        assert world.listed(since=day) == world.listed(since=moment)
        assert world.listed(until=day) == world.listed(until=moment)


def test_the_token_continues_a_list_with_a_relative_time(world: World) -> None:
    query = {"since": "5h", "limit": 1}
    found: list[str] = []
    token = None
    while True:
        params = query | ({} if token is None else {"continuationToken": token})
        page = world.app.http.get("/task-runs", params=params).json()
        found += [item["runId"] for item in page["items"]]
        world.app.clock.advance(minutes=1)
        if (token := page["continuationToken"]) is None:
            break
    assert found == [world.ids[name] for name in ("queued", "clean", "failed")]


def test_the_token_of_another_filter_is_refused(world: World) -> None:
    token = world.app.http.get("/task-runs", params={"limit": 1}).json()["continuationToken"]
    query = {"limit": 1, "platform": "warehouse", "continuationToken": token}
    assert world.app.http.get("/task-runs", params=query).status_code == 400
