"""Parameters that a reading did not find, and defaults that no Job can hold."""

from __future__ import annotations

import pytest

from polysync_core.application.platforms.import_report import (
    ArtefactSelection,
    ImportResult,
)
from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.platforms.connector import ArtefactSchema
from tests.unit.application.platforms.import_world import World


@pytest.fixture
def world() -> World:
    return World()


@pytest.mark.parametrize(
    ("schema", "remove", "kept"),
    [
        (ArtefactSchema(parameters=(), notes=("doubt",)), False, True),
        (ArtefactSchema(parameters=(), notes=("remark",), complete=True), False, False),
        (ArtefactSchema(parameters=(), complete=False), False, True),
        (ArtefactSchema(parameters=()), False, False),
        (ArtefactSchema(parameters=(), notes=("doubt",)), True, False),
    ],
)
def test_only_a_complete_reading_or_a_person_removes_a_parameter(
    world: World, schema: ArtefactSchema, remove: bool, kept: bool
) -> None:
    world.platform.put("/load", Parameter(name="by_hand"))
    world.run()
    world.platform.schemas["/load"] = schema

    planned = world.importing.plan_sync("load", remove=remove)
    (whole,) = world.importing.plan_import("lakehouse", ArtefactSelection(remove=remove)).items
    synced = world.importing.sync_parameters("load", engine=None, remove=remove)

    removed = () if kept else ("by_hand",)
    assert [each.difference.removed for each in (planned, whole, synced)] == [removed] * 3
    assert synced.is_complete is schema.is_complete
    names = [each.name for each in world.definitions.job("load").parameters]
    assert names == (["by_hand"] if kept else [])


def test_an_import_removes_unseen_parameters_on_request_only(world: World) -> None:
    world.platform.put("/load", Parameter(name="by_hand"))
    world.run()
    world.platform.put("/load", notes=("doubt",))

    assert world.run().items[0].result is ImportResult.UNCHANGED
    (imported,) = world.run(remove=True).items

    assert imported.difference.removed == ("by_hand",)


def test_a_parameter_that_a_task_sets_is_not_removed_on_request(world: World) -> None:
    world.platform.put("/load", Parameter(name="by_hand"))
    world.run()
    world.task("daily", "load", by_hand="1")
    world.platform.put("/load", notes=("doubt",))

    synced = world.importing.sync_parameters("load", engine=None, remove=True)

    assert [each.task for each in synced.incompatible_tasks] == ["daily"]
    (parameter,) = world.definitions.job("load").parameters
    assert (parameter.name, parameter.missing) == ("by_hand", True)


def test_a_type_that_the_platform_guesses_does_not_replace_that_of_a_person(world: World) -> None:
    world.platform.put("/load", Parameter(name="a"), Parameter(name="b"))
    world.run()
    found = (
        Parameter(name="a", data_type=DataType.INT),
        Parameter(name="b", data_type=DataType.INT),
    )
    world.platform.schemas["/load"] = ArtefactSchema(
        parameters=found, typed=True, guessed=frozenset({"b"})
    )

    world.run()

    types = [each.data_type for each in world.definitions.job("load").parameters]
    assert types == [DataType.INT, DataType.STRING]


def test_a_new_job_has_the_settings_that_its_parameters_need(world: World) -> None:
    world.platform.schemas["/load"] = ArtefactSchema(
        parameters=(Parameter(name="day"),), settings={"outputsFromExitValue": True}
    )

    world.run()

    assert world.definitions.job("load").settings == {"outputsFromExitValue": True}


@pytest.mark.parametrize(
    ("parameter", "reason"),
    [
        (Parameter(name="x", data_type=DataType.INT, default="@add(1, 2)"), "does not fit"),
        (Parameter(name="x", data_type=DataType.JSON_ARRAY, default=""), "does not fit"),
        (Parameter(name="x", default="vault://local/TOKEN"), "reference to a secret"),
    ],
)
def test_a_default_that_no_job_can_hold_is_noted(
    world: World, parameter: Parameter, reason: str
) -> None:
    world.platform.put("/load", parameter)

    (imported,) = world.run().items

    assert world.definitions.job("load").parameters[0].default is None
    assert reason in imported.notes[0]
    assert imported.is_complete
