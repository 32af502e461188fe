"""Tests of missed deadlines in the answers of the API."""

from __future__ import annotations

import pytest

from tests.fakes.expecting import EARLY, Expecting


@pytest.fixture
def world() -> Expecting:
    """A Task with a late run, at 07:10 in Berlin."""
    world = Expecting()
    world.at("2026-12-01T01:00:00")
    world.task(EARLY, expect={"finishedBy": "07:00", "startedWithinSeconds": 3600})
    world.until("2026-12-01T04:30:00")
    (run,) = world.made(None)
    world.begin(run)
    world.until("2026-12-01T06:10:00")
    return world


def test_a_run_shows_its_missed_deadlines(world: Expecting) -> None:
    (run,) = world.app.http.get("/api/task-runs").json()["items"]
    assert run["missedDeadlines"] == [
        {
            "kind": "Late",
            "deadline": "2026-12-01T06:00:00.000Z",
            "noticedAt": "2026-12-01T06:00:00.000Z",
        }
    ]


def test_the_list_of_late_runs_has_no_others(world: Expecting) -> None:
    in_time = world.run_once()
    late = world.app.http.get("/api/task-runs?late=true").json()["items"]
    every = world.app.http.get("/api/task-runs?late=false").json()["items"]
    assert in_time.run_id not in [each["runId"] for each in late]
    assert len(every) == len(late) + 1 == 2
    combined = world.app.http.get("/api/task-runs?late=true&task=load-daily&status=Running")
    assert combined.json()["items"] == late


@pytest.mark.slow
def test_the_list_pages(world: Expecting) -> None:
    world.until("2026-12-03T07:00:00")
    first = world.app.http.get("/api/task-runs?late=true&limit=2").json()
    token = first["continuationToken"]
    rest = world.app.http.get(f"/api/task-runs?late=true&limit=2&continuationToken={token}").json()
    runs = [each["runId"] for each in [*first["items"], *rest["items"]]]
    assert len(runs) == len(set(runs)) == 3


def test_missed_work_names_the_deadline_and_its_recovery(world: Expecting) -> None:
    (before,) = world.app.http.get("/api/missed").json()["deadlines"]["items"]
    world.finish(world.made(None)[0])
    world.minute(minutes=1)
    (after,) = world.app.http.get("/api/missed").json()["deadlines"]["items"]
    run = world.made(None)[0]
    assert before == {
        "task": "load-daily",
        "kind": "Late",
        "deadline": "2026-12-01T06:00:00.000Z",
        "scheduledTime": "2026-12-01T04:00:00.000Z",
        "runId": run.run_id,
        "count": 1,
        "cause": "Running",
        "reason": before["reason"],
        "reportedAt": "2026-12-01T06:00:00.000Z",
        "recoveredAt": None,
    }
    assert after == before | {"recoveredAt": "2026-12-01T06:11:00.000Z"}


def test_a_task_shows_its_next_deadlines_and_the_last_results(world: Expecting) -> None:
    answer = world.app.http.get("/api/tasks/load-daily/deadlines").json()
    assert answer["upcoming"] == [
        {"kind": "Missing", "at": "2026-12-02T05:00:00.000Z"},
        {"kind": "Late", "at": "2026-12-02T06:00:00.000Z"},
    ]
    assert answer["open"] == 1
    assert [(each["kind"], each["isMet"], each["cause"]) for each in answer["results"]] == [
        ("Late", False, "Running"),
        ("Missing", True, None),
    ]


def test_a_task_without_deadlines_has_none(world: Expecting) -> None:
    world.task(EARLY, name="other")
    answer = world.app.http.get("/api/tasks/other/deadlines").json()
    assert answer == {"upcoming": [], "open": 0, "results": []}
    assert world.app.http.get("/api/tasks/unknown/deadlines").status_code == 404
