"""Tests that merge the parameters of an artefact into the schema of a Job."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.definitions.drift.schemas import (
    as_job_parameter,
    merged,
    safe_changes_only,
    schema_difference,
)
from polysync_core.domain.definitions.jobs import DataType, Direction, Parameter
from polysync_core.domain.parameters import convert


def a(name: str, **facts: Any) -> Parameter:
    return Parameter(name=name, **facts)


@pytest.mark.parametrize(
    ("default", "data_type", "expected"),
    [
        pytest.param("2026-01-01", DataType.STRING, "2026-01-01", id="a text"),
        pytest.param("vault://prod/admin", DataType.STRING, None, id="a secret of Polysync"),
        pytest.param("vault://prod/admin", DataType.SECRET, None, id="a secret as a secret"),
        pytest.param("s3cret", DataType.SECRET, None, id="a secret in clear text"),
        pytest.param("${run.id}", DataType.STRING, "$${run.id}", id="a text like a variable"),
        pytest.param("seven", DataType.INT, None, id="text instead of a number"),
        pytest.param("7", DataType.INT, 7, id="a number as text"),
        pytest.param(None, DataType.INT, None, id="no default"),
    ],
)
def test_the_default_of_an_artefact_is_only_data(
    default: Any, data_type: DataType, expected: Any
) -> None:
    assert as_job_parameter(a("p", data_type=data_type, default=default)).default == expected


def test_edits_of_a_parameter_by_people_are_kept() -> None:
    mine = a("rows", data_type=DataType.INT, default=3, required=True, description="How many.")
    secret = a("key", data_type=DataType.SECRET, default="vault://v/k")

    rows, key = merged(
        [mine, secret], [a("rows", default="7"), a("key", default="x")], typed=False, complete=True
    )

    assert rows == mine.model_copy(update={"default": 7})
    assert key == secret


def test_the_declared_types_of_a_platform_replace_those_of_the_job() -> None:
    old = a("rows", default="many")

    (new,) = merged([old], [a("rows", data_type=DataType.INT)], typed=True, complete=True)

    assert (new.data_type, new.default) == (DataType.INT, None)


def test_a_parameter_that_the_artefact_lacks_is_removed_only_if_the_list_is_complete() -> None:
    existing = [a("old"), a("out", direction=Direction.OUTPUT)]

    complete = merged(existing, [a("new")], typed=False, complete=True)
    incomplete = merged(existing, [a("new")], typed=False, complete=False)

    assert [each.name for each in complete] == ["new", "out"]
    assert [each.name for each in incomplete] == ["new", "old", "out"]


def test_a_difference_names_every_changed_parameter() -> None:
    before = [a("gone"), a("typed"), a("changed", default="1"), a("same", default=True)]
    after = [a("new"), a("typed", data_type=DataType.INT), a("changed", default="2"), before[3]]

    difference = schema_difference(before, after)

    assert (difference.added, difference.removed) == (("new",), ("gone",))
    assert [each.name for each in difference.type_changed] == ["typed"]
    assert [(each.before, each.after) for each in difference.default_changed] == [("1", "2")]
    assert not difference.is_empty
    assert schema_difference(before, before).is_empty


PARAMETERS = st.lists(
    st.builds(
        Parameter,
        name=st.sampled_from("abcde"),
        data_type=st.sampled_from(DataType),
        direction=st.sampled_from(Direction),
        default=st.none() | st.text(max_size=4) | st.integers() | st.booleans(),
        required=st.booleans(),
    ),
    unique_by=lambda each: each.name,
).map(lambda found: [as_job_parameter(each) for each in found])


@given(PARAMETERS, PARAMETERS, st.booleans(), st.booleans())
def test_a_merged_schema_is_valid_and_a_second_merge_changes_nothing(
    existing: list[Parameter], found: list[Parameter], typed: bool, complete: bool
) -> None:
    once = merged(existing, found, typed=typed, complete=complete)
    twice = merged(once, found, typed=typed, complete=complete)

    assert len({each.name for each in once}) == len(once)
    assert {each.name for each in found} <= {each.name for each in once}
    for each in once:
        assert convert(each.default, each.data_type, path="default") == each.default
    assert schema_difference(once, twice).is_empty


@pytest.mark.slow
@given(PARAMETERS, PARAMETERS)
def test_a_merge_without_breakage_keeps_everything_that_a_task_may_have_set(
    existing: list[Parameter], found: list[Parameter]
) -> None:
    careful = {each.name: each for each in safe_changes_only(existing, found)}

    for each in existing:
        assert careful[each.name].data_type is each.data_type
    assert not any(careful[n].required for n in careful.keys() - {e.name for e in existing})
