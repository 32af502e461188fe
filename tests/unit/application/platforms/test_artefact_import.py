"""Tests of the import of artefacts: lists, failures, repetitions and incompatible Tasks."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.application.platforms.artefact_import import CALL_BUDGET_SECONDS
from polysync_core.application.platforms.import_report import (
    ArtefactSelection,
    ImportResult,
)
from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.definitions.tasks import Task
from polysync_core.domain.errors import (
    Conflict,
    Invalid,
    Malformed,
    NotFound,
    PlatformRefused,
    Unavailable,
)
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import ArtefactSchema
from tests.unit.application.platforms.import_world import World, results


@pytest.fixture
def world() -> World:
    return World()


def test_an_import_creates_jobs_with_the_names_of_artefacts_and_a_second_import_changes_nothing(
    world: World,
) -> None:
    world.platform.put("/etl/Sales Load (new)", Parameter(name="day", default="1"))
    world.platform.put("/etl/clean_orders")

    assert results(world.run()) == {"created": ["sales-load-new", "clean-orders"]}
    assert results(world.run()) == {"unchanged": ["sales-load-new", "clean-orders"]}

    job = world.definitions.job("sales-load-new")
    assert (job.external_id, job.display_name) == ("/etl/Sales Load (new)", "Sales Load (new)")
    assert [(each.name, each.default) for each in job.parameters] == [("day", "1")]


def test_artefacts_with_the_same_name_keep_separate_jobs(world: World) -> None:
    for folder in "abc":
        world.platform.put(f"/{folder}/load")
    first = results(world.run())["created"]
    again = results(world.run())["unchanged"]

    assert first[0] == "load"
    assert len(set(first)) == 3
    assert first == again


def test_an_artefact_that_is_listed_with_its_schema_is_not_described_again(world: World) -> None:
    world.platform.put("/etl/load")
    world.platform.put("/etl/clean")
    world.platform.listed["/etl/load"] = ArtefactSchema(parameters=(Parameter(name="day"),))

    world.run()

    assert world.platform.described == ["/etl/clean"]
    assert [each.name for each in world.definitions.job("load").parameters] == ["day"]


@pytest.mark.parametrize("before", [0, 1])
def test_an_artefact_with_too_many_parameters_fails_alone(world: World, before: int) -> None:
    """Regression: the Job was stored, and then no Job could be read."""
    if before:
        world.platform.put("/etl/load")
        world.run()
    world.platform.put("/etl/load", *(Parameter(name=f"p{number}") for number in range(501)))
    world.platform.put("/etl/other")

    report = world.run()

    assert results(report)["created"] == ["other"]
    (failed,) = [each for each in report.items if each.result is ImportResult.FAILED]
    assert "at most 500" in str(failed.error)


@pytest.mark.parametrize("name", ["日本", "-", "___"])
def test_an_artefact_without_an_ascii_letter_in_its_name_gets_a_valid_job_name(
    world: World, name: str
) -> None:
    world.platform.put(f"/etl/{name}")

    (job,) = results(world.run())["created"]

    assert job.startswith("job-")


def test_a_long_name_is_cut(world: World) -> None:
    world.platform.put(f"/a/{'x' * 100}")
    world.platform.put(f"/b/{'x' * 100}")

    first, second = results(world.run())["created"]

    assert first == "x" * 63
    assert len(second) <= 63


@pytest.mark.parametrize(
    ("error", "word"),
    [
        (PlatformRefused("It is too large.", cause=FailureCause.SUBMIT), "too large"),
        (Unavailable("It does not answer."), "does not answer"),
    ],
)
def test_a_failed_artefact_is_reported_and_the_others_are_imported(
    world: World, error: Exception, word: str
) -> None:
    world.platform.put("/a")
    world.platform.schemas["/broken"] = error
    world.platform.put("/../odd")
    world.platform.put("/z")

    report = world.run()

    assert results(report) == {"created": ["a", "z"], "failed": ["/broken", "/../odd"]}
    broken, odd = (each for each in report.items if each.result is ImportResult.FAILED)
    assert word in str(broken.error)
    assert "externalId" in str(odd.error)


@pytest.mark.slow
def test_a_long_import_continues_page_by_page_and_imports_each_artefact_once(world: World) -> None:
    for number in range(250):
        world.platform.put(f"/etl/n{number:03}")
    created: list[str] = []
    token, calls = None, 0
    while calls == 0 or token is not None:
        report = world.run(limit=60, token=token)
        created += results(report).get("created", [])
        token, calls = report.token, calls + 1

    assert created == [f"n{number:03}" for number in range(250)]
    assert len(world.platform.described) == 250
    assert calls == 5


def test_a_slow_import_returns_in_time_and_continues_in_the_next_call(world: World) -> None:
    for number in range(20):
        world.platform.put(f"/n{number:02}")
    inner = world.platform.describe

    def slow(external_id: str) -> ArtefactSchema:
        world.seconds += CALL_BUDGET_SECONDS / 5
        return inner(external_id)

    world.platform.describe = slow
    first = world.run()
    rest = world.run(token=first.token)
    while rest.token is not None:
        rest = world.run(token=rest.token)

    assert 0 < len(first.items) < 20
    assert len(world.platform.described) == 20


def test_a_token_whose_artefact_has_vanished_is_refused(world: World) -> None:
    for name in "abc":
        world.platform.put(f"/{name}")
    token = world.run(limit=2).token
    del world.platform.schemas["/b"]

    with pytest.raises(Conflict, match="start again"):
        world.run(token=token)
    with pytest.raises(Malformed):
        world.run(token="nonsense")


def test_only_the_selected_artefacts_are_imported_and_missing_ones_are_reported(
    world: World,
) -> None:
    for name in "abc":
        world.platform.put(f"/{name}")

    report = world.run(external_ids=frozenset({"/b", "/nowhere"}))

    assert results(report) == {"created": ["b"], "failed": ["/nowhere"]}
    assert world.platform.described == ["/b"]


def test_the_list_shows_the_jobs_of_each_artefact(world: World) -> None:
    world.platform.put("/a")
    world.platform.put("/b")
    world.run(external_ids=frozenset({"/a"}))

    first = world.importing.artefacts("lakehouse", ArtefactSelection(limit=1))
    rest = world.importing.artefacts("lakehouse", ArtefactSelection(limit=5, token=first.token))

    assert [(each.artefact.external_id, each.jobs) for each in (*first.items, *rest.items)] == [
        ("/a", ("a",)),
        ("/b", ()),
    ]
    assert rest.token is None


def test_a_changed_schema_is_reported_and_the_values_of_tasks_are_kept(world: World) -> None:
    world.platform.put("/load", Parameter(name="day", default="1"), Parameter(name="old"))
    world.run()
    world.task("daily", "load", day="2")
    world.platform.put("/load", Parameter(name="day", default="3"), Parameter(name="new"))

    (imported,) = world.run().items

    difference = imported.difference
    assert (difference.added, difference.removed) == (("new",), ("old",))
    assert [(each.before, each.after) for each in difference.default_changed] == [("1", "3")]
    assert world.definitions.task("daily").parameters == {"day": "2"}
    assert imported.incompatible_tasks == ()


def test_incompatible_tasks_are_reported_and_stay_valid(world: World) -> None:
    world.platform.put("/load", Parameter(name="old"), Parameter(name="unused"))
    world.run()
    world.task("daily", "load", old="2")
    world.platform.put("/load", Parameter(name="new"))

    imported = world.importing.sync_parameters("load", engine=None)

    (incompatible,) = imported.incompatible_tasks
    assert incompatible.task == "daily"
    assert [problem.path for problem in incompatible.problems] == ["parameters.old"]
    assert imported.difference.added == ("new",)
    names = {each.name for each in world.definitions.job("load").parameters}
    assert names == {"new", "old", "unused"}


def test_a_parameter_is_kept_if_the_artefact_could_not_be_read_completely(world: World) -> None:
    world.platform.put("/load", Parameter(name="hidden"))
    world.run()
    world.platform.put("/load", notes=("a cell is not valid Python",))

    (imported,) = world.run().items

    assert imported.result is ImportResult.UNCHANGED
    assert imported.notes == ("a cell is not valid Python",)


def test_the_default_of_an_artefact_cannot_refer_to_a_secret(world: World) -> None:
    world.platform.put("/load", Parameter(name="x", default="vault://local/DATABRICKS_TOKEN"))

    world.run()

    assert world.definitions.job("load").parameters[0].default is None


def test_a_task_is_created_from_a_job_only_once(world: World) -> None:
    world.platform.put("/load", Parameter(name="rows", data_type=DataType.INT, default=3))
    world.run()

    saved = world.importing.create_task("load", "daily", {}, engine=None)

    task = saved.stored.definition
    assert isinstance(task, Task)
    assert (task.job, dict(task.parameters)) == ("load", {})
    with pytest.raises(Conflict, match="choose another name"):
        world.importing.create_task("load", "daily", {}, engine=None)
    with pytest.raises(NotFound):
        world.importing.create_task("nothing", "x", {}, engine=None)
    with pytest.raises(Invalid, match="rows"):
        world.importing.create_task("load", "other", {"rows": "many"}, engine=None)


def test_a_concurrent_edit_is_not_lost(world: World) -> None:
    world.platform.put("/load", Parameter(name="day"))
    world.run()
    world.platform.put("/load", Parameter(name="day"), Parameter(name="new"))
    inner, edited = world.store.put, False

    def racing(definition: Any, *, replacing: Any, author: Any) -> Any:
        nonlocal edited
        if not edited and definition.name == "load":
            edited = True
            other = replacing.definition.model_copy(update={"description": "Edited."})
            inner(other, replacing=replacing, author=author)
        return inner(definition, replacing=replacing, author=author)

    world.store.put = racing
    world.run()

    job = world.definitions.job("load")
    assert job.description == "Edited."
    assert [each.name for each in job.parameters] == ["day", "new"]
