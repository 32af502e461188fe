"""Tests for the refusal of unknown query parameters, before a route does anything."""

from __future__ import annotations

from unittest.mock import ANY

import pytest

from tests.fakes.app import FakeApp
from tests.fakes.definitions import lakehouse
from tests.fakes.openapi import operations


@pytest.fixture(scope="module")
def app() -> FakeApp:
    return FakeApp()


def test_a_misspelt_dry_run_writes_nothing(app: FakeApp) -> None:
    answer = app.http.put("/definitions?dryrun=true", json={"calendars": [{"name": "c"}]})

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {
            "path": "dryrun",
            "message": "is not a query parameter of this path; did you mean 'dryRun'?",
        }
    ]
    assert app.http.get("/calendars").json()["items"] == []


def test_a_repeated_parameter_is_refused(app: FakeApp) -> None:
    answer = app.http.get("/task-runs?limit=1&limit=2")

    assert answer.status_code == 422
    assert answer.json()["errors"] == [
        {"path": "limit", "message": "is given 2 times: give it once"}
    ]


def test_a_parameter_without_a_similar_one_names_the_known_ones(app: FakeApp) -> None:
    message = app.http.get("/tasks?colour=red").json()["errors"][0]["message"]

    assert message == "is not a query parameter of this path (known here: continuationToken, limit)"


def test_an_answer_names_a_bounded_number_of_parameters(app: FakeApp) -> None:
    query = "&".join(f"{'x' * 300}{number}=1" for number in range(30))

    errors = app.http.get(f"/tasks?{query}").json()["errors"]

    assert len(errors) == 10
    assert all(len(error["path"]) == 100 for error in errors)


@pytest.mark.slow
def test_every_operation_refuses_an_unknown_parameter(app: FakeApp) -> None:
    for method, path in operations():
        answer = app.http.request(method, f"{path}?Unknown-Parameter=1")

        assert answer.status_code == 422, f"{method} {path}"
        assert answer.json()["errors"][0]["path"] == "Unknown-Parameter", f"{method} {path}"


def test_a_dry_run_of_one_definition_answers_with_the_plan_and_writes_nothing() -> None:
    app = FakeApp()
    calendar = {"dates": ["2026-12-25"]}

    planned = app.http.put("/calendars/holidays?dryRun=true", json=calendar)

    assert (planned.status_code, app.http.get("/calendars/holidays").status_code) == (200, 404)
    assert planned.json() == {
        "dryRun": True,
        "planToken": ANY,
        "create": [{"kind": "calendar", "name": "holidays"}],
        "update": [],
        "unchanged": [],
        "delete": [],
        "warnings": [],
    }
    app.http.put("/calendars/holidays", json=calendar)
    patch = {"description": "closed"}
    changed = app.http.patch("/calendars/holidays?dryRun=true", json=patch).json()["update"]
    assert changed[0]["differences"] == [{"path": "description", "before": None, "after": "closed"}]
    deleted = app.http.delete("/calendars/holidays?dryRun=true")
    assert (deleted.status_code, deleted.json()["delete"]) == (
        200,
        [{"kind": "calendar", "name": "holidays"}],
    )
    stored = app.http.get("/calendars/holidays").json()
    assert (stored["dates"], stored["description"]) == (["2026-12-25"], None)


def test_a_dry_run_is_refused_as_the_write_would_be() -> None:
    app = FakeApp()
    document = lakehouse()
    document["platforms"][0]["attributes"]["computeType"] = "Serverless"
    assert app.http.put("/definitions", json=document).status_code == 200

    used = app.http.delete("/jobs/landing?dryRun=true")
    stale = app.http.delete("/jobs/landing?dryRun=true", headers={"If-Match": '"old"'})
    invalid = app.http.patch("/tasks/landing-check?dryRun=true", json={"job": "nothing"})
    missing = app.http.delete("/jobs/none?dryRun=true")

    assert used.status_code == 409
    assert used.json()["errors"][0]["path"] == "tasks/landing-check"
    assert (stale.status_code, invalid.status_code, missing.status_code) == (412, 422, 404)


def test_a_run_has_no_dry_run(app: FakeApp) -> None:
    answer = app.http.post("/tasks/daily/run?dryRun=true")

    assert answer.status_code == 422
    assert answer.json()["errors"][0]["path"] == "dryRun"
