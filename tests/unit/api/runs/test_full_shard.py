"""Requests for new runs while a shard holds its maximum of waiting runs."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.base import Kind
from polysync_core.domain.definitions.document import read_definition
from tests.fakes.builders import a_job
from tests.unit.api.run_api import RunApi

JOB = a_job()
TASK = read_definition(
    Kind.TASK,
    {"name": "daily", "job": JOB.name, "schedules": [{"name": "six", "cron": "0 6 * * *"}]},
)
BACKFILL = {"from": "2026-02-01", "to": "2026-02-04"}


@pytest.fixture
def world() -> RunApi:
    return RunApi(JOB, TASK)


def _fill(world: RunApi, *, room: int = 0) -> None:
    world.app.services.shard_capacity.max_waiting_runs = room


@pytest.mark.parametrize(
    ("path", "body"),
    [
        pytest.param("/tasks/daily/run", {}, id="run once"),
        pytest.param(f"/jobs/{JOB.name}/run", {}, id="execute now"),
        pytest.param(f"/jobs/{JOB.name}/run?stream=true", {}, id="execute now, as a stream"),
        pytest.param("/tasks/daily/backfill", BACKFILL, id="backfill"),
    ],
)
def test_a_new_run_is_refused_with_the_limit_and_the_remedy_and_nothing_is_stored(
    world: RunApi, path: str, body: dict[str, Any]
) -> None:
    _fill(world)

    answer = world.client.post(path, json=body)

    assert answer.status_code == 429
    assert answer.headers["retry-after"] == "30"
    document = answer.json()
    assert document["title"] == "Too many runs wait for their start"
    assert "from 0 on" in document["detail"]
    assert "cancel waiting runs, raise the limits" in document["detail"]
    assert world.runs.rows == {}
    assert list(world.runs.active_runs()) == []


def test_a_rerun_is_refused_as_well(world: RunApi) -> None:
    run_id = world.client.post("/tasks/daily/run").json()["runId"]
    world.end(run_id)
    _fill(world)

    assert world.client.post(f"/task-runs/{run_id}/rerun").status_code == 429
    assert len(world.runs.rows) == 1


def test_a_backfill_needs_room_for_all_of_its_runs(world: RunApi) -> None:
    _fill(world, room=2)
    assert world.client.post("/tasks/daily/backfill", json=BACKFILL).status_code == 429
    assert world.runs.rows == {}

    plan = world.client.post("/tasks/daily/backfill", json={**BACKFILL, "dryRun": True})
    assert plan.status_code == 200

    _fill(world, room=3)
    assert world.client.post("/tasks/daily/backfill", json=BACKFILL).status_code == 202
    assert len(world.runs.rows) == 3


def test_the_repetition_of_an_accepted_request_is_answered(world: RunApi) -> None:
    headers = {"Idempotency-Key": "k"}
    first = world.client.post("/tasks/daily/run", headers=headers)
    _fill(world)

    again = world.client.post("/tasks/daily/run", headers=headers)

    assert (again.status_code, again.json()) == (202, first.json())
