"""Tests the filters of the list of Jobs."""

from __future__ import annotations

from typing import Any

import pytest

from tests.fakes.app import FakeApp
from tests.fakes.builders import a_job, a_platform


@pytest.fixture
def app() -> FakeApp:
    return FakeApp(
        a_platform(),
        a_platform(name="other"),
        a_job(name="sales-load", tags={"team": "sales"}),
        a_job(name="sales-clean", display_name="Nightly", external_id="/etl/clean"),
        a_job(name="orders", platform="other", external_id="/o", tags={"team": "orders"}),
        a_job(name="workflow", job_type="DatabricksWorkflow", external_id="4711"),
    )


def names(app: FakeApp, **query: Any) -> list[str]:
    answer = app.http.get("/jobs", params=query)
    assert answer.status_code == 200, answer.text
    return [each["name"] for each in answer.json()["items"]]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ({}, ["orders", "sales-clean", "sales-load", "workflow"]),
        ({"search": "SALES"}, ["sales-clean", "sales-load"]),
        ({"search": "night"}, ["sales-clean"]),
        ({"search": "471"}, ["workflow"]),
        ({"platform": "other"}, ["orders"]),
        ({"platform": "nothing"}, []),
        ({"jobType": "DatabricksWorkflow"}, ["workflow"]),
        ({"tag": "team"}, ["orders", "sales-load"]),
        ({"tag": "team=sales"}, ["sales-load"]),
        ({"tag": "team", "platform": "lakehouse"}, ["sales-load"]),
    ],
)
def test_jobs_are_filtered(app: FakeApp, query: dict[str, str], expected: list[str]) -> None:
    assert names(app, **query) == expected


def test_a_filtered_list_has_pages(app: FakeApp) -> None:
    first = app.http.get("/jobs", params={"search": "sales", "limit": 1}).json()
    token = first["continuationToken"]
    rest = app.http.get("/jobs", params={"search": "sales", "continuationToken": token}).json()

    listed = [each["name"] for each in (*first["items"], *rest["items"])]
    assert listed == ["sales-clean", "sales-load"]


def test_a_token_of_another_filter_and_an_unknown_filter_are_refused(app: FakeApp) -> None:
    token = app.http.get("/jobs", params={"limit": 1}).json()["continuationToken"]

    foreign = app.http.get("/jobs", params={"search": "sales", "continuationToken": token})
    assert foreign.status_code == 400
    assert app.http.get("/jobs", params={"colour": "blue"}).status_code == 422
