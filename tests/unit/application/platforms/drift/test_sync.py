"""Sync Parameters shows its difference first, and may take a part of it."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import Parameter
from tests.unit.application.platforms.drift.notebooks import World

pytestmark = pytest.mark.slow


@pytest.fixture
def world() -> World:
    found = World()
    found.workspace.put("/etl/load", Parameter(name="region"), Parameter(name="day", default="2"))
    found.job("load", {"name": "day", "default": "1"}, "area", "zone")
    return found


def sync(world: World, *parameters: str, dry: bool = False) -> dict[str, Any]:
    answer = world.app.http.post(
        f"/jobs/load/sync-parameters{'?dryRun=true' if dry else ''}",
        json={"parameters": [*parameters]} if parameters else None,
    )
    assert answer.is_success, answer.text
    return answer.json()


def names(world: World) -> list[str]:
    return [each["name"] for each in world.get("/jobs/load")["parameters"]]


@pytest.mark.parametrize("parameters", [(), ("area",), ("region", "day")])
def test_a_dry_run_answers_as_the_sync_does_and_writes_nothing(
    world: World, parameters: tuple[str, ...]
) -> None:
    before = world.get("/jobs/load")

    planned = sync(world, *parameters, dry=True)

    assert world.get("/jobs/load") == before
    assert planned["result"] == "updated"
    assert sync(world, *parameters) == planned


def test_the_audit_says_that_a_dry_run_changed_nothing(world: World) -> None:
    sync(world, dry=True)
    sync(world)

    entries = [each for each in world.get("/audit")["items"] if "sync" in each["path"]]
    assert sorted(str(each["status"]) for each in entries) == ["200", "None"]


@pytest.mark.parametrize(
    ("taken", "left"),
    [
        (("area",), ["day", "zone"]),
        (("region",), ["day", "area", "zone", "region"]),
        (("area", "zone", "region"), ["day", "region"]),
        (("day",), ["day", "area", "zone"]),
    ],
)
def test_only_the_named_differences_are_taken(
    world: World, taken: tuple[str, ...], left: list[str]
) -> None:
    sync(world, *taken)

    assert names(world) == left
    day = world.get("/jobs/load")["parameters"][0]
    assert day["default"] == ("2" if "day" in taken else "1")


def test_a_name_without_a_parameter_is_refused(world: World) -> None:
    answer = world.app.http.post(
        "/jobs/load/sync-parameters", json={"parameters": ["regoin", "area"]}
    )

    assert answer.status_code == 422
    (error,) = answer.json()["errors"]
    assert error["path"] == "parameters"
    assert "'regoin'" in error["message"]
    assert names(world) == ["day", "area", "zone"]


def test_a_task_keeps_a_taken_removal_as_missing(world: World) -> None:
    world.task("daily", "load", parameters={"area": "1"})

    answer = sync(world, "area")

    assert answer["difference"]["missingChanged"] == [
        {"name": "area", "before": False, "after": True}
    ]
    assert [each["task"] for each in answer["tasks"]] == ["daily"]
    assert names(world) == ["day", "area", "zone"]


def test_a_taken_part_again_changes_nothing(world: World) -> None:
    sync(world, "region")

    assert sync(world, "region")["result"] == "unchanged"
