"""Tests that wrong fields do not hide other problems, and cause no misleading ones."""

from __future__ import annotations

import copy
from collections.abc import Iterator
from typing import Any

import pytest
from pydantic import BaseModel

from polysync_core.domain.definitions.document import read_document
from polysync_core.domain.definitions.kinds import KINDS
from polysync_core.domain.definitions.validation.placeholders import replace_value
from polysync_core.domain.errors import MAX_PROBLEMS, Invalid
from tests.fakes.definitions import ON_CALL, FakeDefinitions, documents_of, lakehouse
from tests.unit.domain.definitions.bad_documents import RULES, Break, set_value


def problems_of(raw: Any, *, prune: bool = False) -> dict[str, str]:
    """Return the problems of a document by their paths."""
    store = FakeDefinitions()
    documents_of(store, RULES).apply(read_document(lakehouse()), engine=None)
    try:
        documents_of(store, RULES).plan(read_document(raw), prune=prune)
    except Invalid as error:
        return {each.path: each.message for each in error.problems}
    return {}


def broken(*changes: Break) -> dict[str, Any]:
    raw = lakehouse(webhooks=[copy.deepcopy(ON_CALL)])
    for change in changes:
        change(raw)
    return raw


WRONG_FIELDS: list[tuple[str, Break]] = [
    ("jobs[1].parameters[0].type", set_value("jobs", 1, "parameters", 0, "type", to="String")),
    ("jobs[0].descripton", set_value("jobs", 0, "descripton", to="x")),
    ("tasks[0].priority", set_value("tasks", 0, "priority", to="high")),
    ("tasks[1].schedules[0].cron", set_value("tasks", 1, "schedules", 0, "cron", to="0 25 * * *")),
    ("tasks[1].retry.maxRetries", set_value("tasks", 1, "retry", to={"maxRetries": 1})),
    ("platforms[0].auth.method", set_value("platforms", 0, "auth", to={"mehod": "x"})),
    ("vaults[0].name", set_value("vaults", 0, "name", to="My Vault")),
    ("calendar", set_value("calendar", to=[{"name": "a"}])),
]
OTHER_PROBLEMS: list[tuple[str, Break]] = [
    ("tasks[0].job", set_value("tasks", 0, "job", to="slepy")),
    ("jobs[0].jobType", set_value("jobs", 0, "jobType", to="Notebook")),
    ("tasks[1].contentionProfiles[0]", set_value("tasks", 1, "contentionProfiles", 0, to="nope")),
    (
        "tasks[1].schedules[0].calendars[0]",
        set_value("tasks", 1, "schedules", 0, "calendars", to=["nope"]),
    ),
    ("webhooks[0].events.tasks[0]", set_value("webhooks", 0, "events", "tasks", 0, to="nope")),
    (
        "tasks[0].dependencies[0].task",
        set_value("tasks", 0, "dependencies", to=[{"task": "sales-load-daily"}]),
    ),
]


@pytest.mark.slow
@pytest.mark.parametrize(("wrong", "break_field"), WRONG_FIELDS, ids=[w for w, _ in WRONG_FIELDS])
@pytest.mark.parametrize(
    ("other", "break_rule"), OTHER_PROBLEMS, ids=[o for o, _ in OTHER_PROBLEMS]
)
def test_a_wrong_field_does_not_hide_another_problem(
    wrong: str, break_field: Break, other: str, break_rule: Break
) -> None:
    found = problems_of(broken(break_rule, break_field))

    assert {wrong, other} <= found.keys()


FOLLOW_UPS: dict[str, tuple[Break, list[str]]] = {
    "a job without a name leaves open which references are wrong": (
        set_value("jobs", 1, "name", to="Sales Load"),
        ["jobs[1].name"],
    ),
    "a list in another form may define the names": (
        set_value("jobs", to={"landing": {}, "sales-load": {}}),
        ["jobs"],
    ),
    "an unknown list may define the names": (
        lambda raw: raw.update(job=raw.pop("jobs")),
        ["job"],
    ),
    "an unread profile exists": (
        set_value("contentionProfiles", 0, "type", to="Concurency"),
        ["contentionProfiles[0].type"],
    ),
    "a profile with an unread limit blocks no weight": (
        lambda raw: (
            set_value("contentionProfiles", 0, "settings", to={"maxConcurrentTask": 8})(raw),
            set_value("tasks", 1, "weight", to=5)(raw),
        )[0],
        [
            "contentionProfiles[0].settings.maxConcurrentTask",
            "contentionProfiles[0].settings.maxConcurrentTasks",
        ],
    ),
    "misspelled parameters of a job leave the values of its Tasks open": (
        lambda raw: raw["jobs"][1].update(paramters=raw["jobs"][1].pop("parameters")),
        ["jobs[1].paramters"],
    ),
    "a misspelled name of a parameter leaves the values of its Tasks open": (
        set_value("jobs", 1, "parameters", 0, to={"nme": "run_date"}),
        ["jobs[1].parameters[0].name", "jobs[1].parameters[0].nme"],
    ),
    "misspelled values of a Task are not missing": (
        lambda raw: (
            set_value("jobs", 1, "parameters", 2, "required", to=True)(raw),
            set_value("tasks", 1, "paramters", to={"full": True})(raw),
            raw["tasks"][1].pop("parameters"),
        )[0],
        ["tasks[1].paramters"],
    ),
    "a value that a misspelled dependency maps is not missing": (
        lambda raw: (
            set_value("jobs", 1, "parameters", 1, "required", to=True)(raw),
            set_value("tasks", 1, "dependencies", to=["landing-check"])(raw),
        )[0],
        ["tasks[1].dependencies[0]"],
    ),
    "a wrong limit contradicts no other field of its object": (
        set_value("tasks", 1, "retry", to={"initialDelaySeconds": "5s", "maxDelaySeconds": 5}),
        ["tasks[1].retry.initialDelaySeconds"],
    ),
    "a wrong shard is not the shard of another platform": (
        lambda raw: (
            set_value("contentionProfiles", 0, "scope", to="Global")(raw),
            raw["platforms"].append(raw["platforms"][0] | {"name": "other", "shard": "one"}),
            set_value("platforms", 0, "shard", to="Main Shard")(raw),
        )[0],
        ["platforms[0].shard"],
    ),
    "the second definition of a name is not the first": (
        lambda raw: raw["jobs"].append({**raw["jobs"][1], "platform": "lakehouse"}),
        ["jobs[2].name"],
    ),
}


@pytest.mark.parametrize(
    ("change", "paths"), FOLLOW_UPS.values(), ids=[each.replace(" ", "-") for each in FOLLOW_UPS]
)
def test_a_wrong_field_causes_no_misleading_problem(change: Break, paths: list[str]) -> None:
    raw = broken(change)
    store = FakeDefinitions()

    with pytest.raises(Invalid) as caught:
        documents_of(store, RULES).plan(read_document(raw))

    assert sorted(each.path for each in caught.value.problems) == sorted(paths)


def places(value: Any, path: tuple[str | int, ...] = ()) -> Iterator[tuple[str | int, ...]]:
    """Yield every location of a document."""
    if path:
        yield path
    pairs = (
        value.items()
        if isinstance(value, dict)
        else enumerate(value)
        if isinstance(value, list)
        else ()
    )
    for key, each in pairs:
        yield from places(each, (*path, key))


def text_of(path: tuple[str | int, ...]) -> str:
    return "".join(f"[{part}]" if isinstance(part, int) else f".{part}" for part in path)[1:]


def elsewhere(raw: Any, *allowed: str) -> list[str]:
    """Return the problems of a document that are not at or within the allowed paths."""
    try:
        documents_of(FakeDefinitions(), RULES).plan(read_document(raw))
    except Invalid as error:
        return [str(each) for each in error.problems if not each.path.startswith(allowed)]
    return []


@pytest.mark.slow
@pytest.mark.parametrize("wrong", [3.5, "Not A Name", ["x"], {"wrong": 1}, True, None], ids=repr)
def test_one_wrong_value_is_refused_at_its_place_only(wrong: object) -> None:
    found = {
        text_of(location): elsewhere(
            broken(set_value(*location, to=copy.deepcopy(wrong))), text_of(location)
        )
        for location in places(broken())
        # The names of other definitions, and other settings of a job, contradict the rest rightly.
        if len(location) > 1 and location[2:3] != ("settings",) and location[4:5] != ("name",)
    }

    assert not {location: problems for location, problems in found.items() if problems}


def misspelled(location: tuple[str | int, ...]) -> dict[str, Any]:
    """Return a document with one misspelled key."""
    raw = broken()
    parent: Any = raw
    for part in location[:-1]:
        parent = parent[part]
    parent[f"{location[-1]}x"] = parent.pop(location[-1])
    return raw


@pytest.mark.slow
def test_one_misspelled_field_is_refused_at_its_place_only() -> None:
    fields = [
        each
        for each in places(broken())
        if isinstance(each[-1], str) and "settings" not in each[2:-1]
    ]
    found = {
        text_of(location): elsewhere(misspelled(location), text_of(location)) for location in fields
    }

    assert not {location: problems for location, problems in found.items() if problems}


def test_the_errors_of_both_phases_are_bounded_together() -> None:
    tasks = [{"name": f"t{n}", "job": "nope", "priority": "x"} for n in range(80)]

    with pytest.raises(Invalid) as caught:
        documents_of(FakeDefinitions(), RULES).plan(read_document(lakehouse(tasks=tasks)))

    assert len(caught.value.problems) == MAX_PROBLEMS
    assert caught.value.omitted == 60


def test_a_prune_keeps_a_definition_that_the_document_could_not_be_read_for() -> None:
    raw = lakehouse()
    raw["jobs"][1] = {"name": "sales-load", "platform": ["lakehouse"]}
    raw["contentionProfiles"][0]["type"] = "Concurency"

    assert set(problems_of(raw, prune=True)) == {
        "jobs[1].platform",
        "jobs[1].jobType",
        "jobs[1].externalId",
        "contentionProfiles[0].type",
    }


def models_in(model: type[BaseModel]) -> Iterator[tuple[type[BaseModel], str]]:
    for name, field in model.model_fields.items():
        if field.is_required():
            yield model, field.alias or name


@pytest.mark.parametrize(
    ("model", "name"),
    [each for spec in KINDS for model in spec.models for each in models_in(model)],
    ids=str,
)
def test_every_required_field_has_a_placeholder(model: type[BaseModel], name: str) -> None:
    if name == "type" and model.__name__ != "Platform":
        pytest.skip("the type chooses the model, so an unread type leaves nothing to check")
    raw: dict[str, Any] = {}

    assert replace_value(model, raw, (name,), 1)
    assert name in raw
