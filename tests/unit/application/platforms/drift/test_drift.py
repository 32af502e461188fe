"""Drift compares Jobs with their artefacts, and finds artefacts without a Job."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import pytest

from polysync_core.application.platforms.artefact_import import CALL_BUDGET_SECONDS
from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.errors import NotFound
from tests.unit.application.platforms.drift.notebooks import AWAY, GONE, REFUSED, World

# Each test builds the whole app.
pytestmark = pytest.mark.slow


@pytest.fixture
def world() -> World:
    return World()


def pages(world: World, **query: Any) -> dict[str, list[Any]]:
    """Return all pages of the drift of the platform."""
    found: dict[str, list[Any]] = {"jobs": [], "artefacts": [], "unlisted": []}
    token: str | None = None
    for _ in range(20):
        more = {"continuationToken": token} if token else {}
        answer = world.get("/drift", platform="lakehouse", **query, **more)
        for name, items in found.items():
            items += answer[name]
        if (token := answer["continuationToken"]) is None:
            return found
    raise AssertionError("the drift has no end")


def test_an_equal_job_has_no_difference(world: World) -> None:
    world.workspace.put("/etl/load", Parameter(name="day"))
    world.job("load", "day")

    drift = world.get("/jobs/load/drift")

    assert drift["state"] == "equal"
    assert drift["difference"] == {
        "added": [],
        "removed": [],
        "typeChanged": [],
        "defaultChanged": [],
    }
    assert (drift["platform"], drift["externalId"]) == ("lakehouse", "/etl/load")


def test_each_kind_of_difference_is_named_and_nothing_is_written(world: World) -> None:
    found = (
        Parameter(name="region"),
        Parameter(name="rows", data_type=DataType.INT),
        Parameter(name="day", default="2"),
    )
    world.workspace.put("/etl/load", *found, typed=True)
    world.job("load", "area", "rows", {"name": "day", "default": "1"})
    before = world.get("/jobs/load")

    drift = world.get("/jobs/load/drift")

    assert drift["state"] == "changed"
    assert drift["difference"] == {
        "added": ["region"],
        "removed": ["area"],
        "typeChanged": [{"name": "rows", "before": "String", "after": "Int"}],
        "defaultChanged": [{"name": "day", "before": "1", "after": "2"}],
    }
    assert world.get("/jobs/load") == before


def test_edits_by_people_are_no_drift(world: World) -> None:
    world.workspace.put("/etl/load", Parameter(name="rows", description="of the artefact"))
    rows = {"name": "rows", "dataType": "Int", "required": True, "description": "mine"}
    world.job("load", rows, {"name": "loaded", "direction": "Output"})

    assert world.get("/jobs/load/drift")["state"] == "equal"


@pytest.mark.parametrize(
    "fields",
    [
        {"parameters": {"area": "1"}},
        {"schedules": [{"name": "a", "cron": "@daily", "parameters": {"area": "2"}}]},
    ],
)
@pytest.mark.parametrize("synced", [False, True])
def test_a_task_that_sets_what_nothing_reads_is_named(
    world: World, fields: dict[str, Any], synced: bool
) -> None:
    world.workspace.put("/etl/load", Parameter(name="region"))
    world.job("load", "area")
    world.task("daily", "load", **fields)
    if synced:
        world.app.http.post("/jobs/load/sync-parameters")

    drift = world.get("/jobs/load/drift")

    assert drift["state"] == "changed"
    assert drift["difference"]["removed"] == ["area"]
    (task,) = drift["tasks"]
    assert task["task"] == "daily"
    assert task["problems"][0]["path"].endswith("parameters.area")
    assert "no longer reads parameter 'area'" in task["problems"][0]["message"]


def test_an_uncertain_reading_removes_nothing_and_says_so(world: World) -> None:
    world.workspace.put("/etl/load", notes=("a cell is not valid Python",))
    world.job("load", "area", {"name": "loaded", "direction": "Output"})

    drift = world.get("/jobs/load/drift")

    assert (drift["state"], drift["notes"]) == ("equal", ["a cell is not valid Python"])
    assert drift["unseen"] == ["area"]


@pytest.mark.parametrize(
    ("answer", "state"), [(GONE, "gone"), (REFUSED, "unknown"), (AWAY, "unknown")]
)
def test_only_an_absent_artefact_is_gone(world: World, answer: Exception, state: str) -> None:
    world.workspace.notebooks["/etl/load"] = answer
    world.job("load", "day")

    drift = world.get("/jobs/load/drift")

    assert (drift["state"], drift["error"]) == (state, str(answer))
    assert not any(drift["difference"].values())


def test_an_unknown_job_and_an_unknown_platform_are_not_found(world: World) -> None:
    assert world.app.http.get("/jobs/nothing/drift").status_code == 404
    assert world.app.http.get("/drift?platform=nothing").status_code == 404
    assert world.app.http.get("/drift").status_code == 422
    with pytest.raises(NotFound):
        world.app.services.drift.of_platform("nothing", limit=1)


@pytest.mark.parametrize("limit", [1, 2, 3, 100])
def test_all_jobs_of_the_platform_come_once_and_then_the_unused_artefacts(
    world: World, limit: int
) -> None:
    for name in ("a", "b-1", "b", "c"):
        world.workspace.put(f"/etl/{name}")
        world.job(name)
    for path in ("/etl/new", "/etl/other"):
        world.workspace.put(path)

    found = pages(world, limit=limit)

    assert [each["job"] for each in found["jobs"]] == ["a", "b", "b-1", "c"]
    assert {each["state"] for each in found["jobs"]} == {"equal"}
    assert [each["externalId"] for each in found["artefacts"]] == ["/etl/new", "/etl/other"]
    assert sorted(world.workspace.described) == ["/etl/a", "/etl/b", "/etl/b-1", "/etl/c"]


def test_jobs_of_other_platforms_are_left_out(world: World) -> None:
    world.app.http.put("/platforms/other", json=without_name(world.get("/platforms/lakehouse")))
    world.workspace.put("/etl/mine")
    world.job("mine")
    world.job("theirs", platform="other")

    assert [each["job"] for each in pages(world)["jobs"]] == ["mine"]


def test_a_list_that_cannot_be_read_is_reported_beside_the_jobs(world: World) -> None:
    world.workspace.put("/etl/load")
    world.job("load")
    world.workspace.list_error = REFUSED

    found = pages(world)

    assert [each["job"] for each in found["jobs"]] == ["load"]
    assert found["unlisted"] == ["the artefacts cannot be listed: No permission."]


def test_an_unusable_artefact_is_reported_and_not_offered(world: World) -> None:
    world.workspace.put("/etl/secret")
    world.workspace.problems["/etl/secret"] = "the folder cannot be read"

    found = pages(world)

    assert found["artefacts"] == []
    assert found["unlisted"] == ["/etl/secret: the folder cannot be read"]


def test_a_slow_platform_ends_the_page_early_and_the_token_continues(world: World) -> None:
    for number in range(20):
        world.workspace.put(f"/etl/j{number:02}")
        world.job(f"j{number:02}")
    seconds = iter([0.0, *[CALL_BUDGET_SECONDS + 1] * 100])
    drift = replace(world.app.services.drift, monotonic=lambda: next(seconds))

    first = drift.of_platform("lakehouse", limit=20)
    rest = world.app.services.drift.of_platform("lakehouse", limit=20, token=first.token)

    assert [each.job for each in first.jobs] == [f"j{number:02}" for number in range(8)]
    assert [each.job for each in rest.jobs] == [f"j{number:02}" for number in range(8, 20)]


def test_a_token_of_another_list_is_refused(world: World) -> None:
    world.workspace.put("/etl/a")
    world.job("a")
    token = world.get("/jobs", limit=1)["continuationToken"] or "x"

    answer = world.app.http.get(f"/drift?platform=lakehouse&continuationToken={token}")

    assert answer.status_code == 400


def without_name(definition: dict[str, Any]) -> dict[str, Any]:
    return {key: value for key, value in definition.items() if key not in {"name"}}
