"""Tests that a unique prefix of a run id works in every route."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.runs.identity import RunId
from polysync_core.domain.runs.run import RunStatus
from tests.fakes.builders import a_job
from tests.fakes.builders import a_run as run_of
from tests.unit.api.run_api import RunApi

JOB = a_job()
FIRST, SECOND = RunId("rabcd" + "a" * 21), RunId("rabce" + "b" * 21)
MANY = [RunId(f"rzzzz{letter * 21}") for letter in "abcdefg"]


@pytest.fixture(scope="module")
def shared_api() -> Iterator[RunApi]:
    api = RunApi(JOB, Task(name="daily", job=JOB.name))
    with api.client:
        yield api


@pytest.fixture
def api(shared_api: RunApi) -> RunApi:
    shared_api.reset()
    for run_id in (FIRST, SECOND, *MANY):
        shared_api.runs.add_active(run_of(run_id=run_id, graph_run_id=run_id, task="daily"))
    return shared_api


@pytest.mark.parametrize("path", ["", "/history", "/explain"])
def test_a_unique_prefix_names_the_run_in_reads(api: RunApi, path: str) -> None:
    complete = api.client.get(f"/task-runs/{FIRST}{path}")
    assert complete.status_code == 200
    assert api.client.get(f"/task-runs/{FIRST[:5]}{path}").json() == complete.json()


@pytest.mark.parametrize("parameter", ["/task-runs?graphRunId=", "/graph?graphRunId="])
def test_a_unique_prefix_names_a_graph_run(api: RunApi, parameter: str) -> None:
    complete = api.client.get(parameter + FIRST)
    assert complete.status_code == 200
    assert api.client.get(parameter + FIRST[:-1]).json() == complete.json()


def test_a_unique_prefix_names_the_run_to_cancel_and_to_repeat(api: RunApi) -> None:
    assert api.client.post(f"/task-runs/{SECOND[:6]}/cancel").json()["runId"] == SECOND
    api.end(FIRST, RunStatus.FAILED)
    repeated = api.client.post(f"/task-runs/{FIRST[:8]}/rerun").json()["runId"]
    assert api.client.get(f"/task-runs/{repeated}").json()["rerunOf"] == FIRST


def test_an_ambiguous_prefix_is_a_conflict_that_names_the_candidates(api: RunApi) -> None:
    answer = api.client.get("/task-runs/rabc")
    assert (answer.status_code, answer.json()["candidates"]) == (409, [FIRST, SECOND])
    assert f"'rabc': {FIRST}, {SECOND}; give more characters" in answer.json()["detail"]


def test_an_ambiguous_prefix_changes_nothing(api: RunApi) -> None:
    assert api.client.post("/task-runs/rabc/cancel").status_code == 409
    assert {api.runs.rows[each].run.status for each in (FIRST, SECOND)} == {RunStatus.QUEUED}


def test_the_number_of_candidates_is_bounded(api: RunApi) -> None:
    answer = api.client.get("/task-runs/rzzz").json()
    assert answer["candidates"] == MANY[:5]
    assert "…" in answer["detail"]


@pytest.mark.parametrize(
    "text", ["rxyz", "r", "rab", "RABC", "abcd", FIRST + "a", "rab%d", "..%2f"]
)
def test_what_names_no_run_is_not_found(api: RunApi, text: str) -> None:
    assert api.client.get(f"/task-runs/{text}/history").status_code == 404


@pytest.mark.parametrize("path", ["", "/logs", "/explain", "/history"])
def test_the_number_of_a_databricks_run_is_answered_with_its_place(api: RunApi, path: str) -> None:
    answer = api.client.get(f"/task-runs/8210937764{path}")

    assert answer.status_code == 404
    assert "GET /api/jobs/JOB_KEY/runs/8210937764" in answer.json()["detail"]
    assert "run_page_url" in answer.json()["detail"]


def test_the_error_of_a_short_prefix_says_how_many_characters_are_enough(api: RunApi) -> None:
    assert "first 4 or more are enough" in api.client.get("/task-runs/rab").json()["detail"]
