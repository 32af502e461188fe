"""Taking over an artefact's parameters into a Job's schema."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from polysync_core.domain.definitions.jobs import DataType, Direction, Parameter
from polysync_core.domain.definitions.schemas import (
    adopted,
    merged,
    schema_difference,
    without_breakage,
)
from polysync_core.domain.parameters import convert


def a(name: str, **facts: Any) -> Parameter:
    return Parameter(name=name, **facts)


@pytest.mark.parametrize(
    ("default", "data_type", "taken"),
    [
        pytest.param("2026-01-01", DataType.STRING, "2026-01-01", id="a text"),
        pytest.param("vault://prod/admin", DataType.STRING, None, id="a secret of ours"),
        pytest.param("vault://prod/admin", DataType.SECRET, None, id="a secret as a secret"),
        pytest.param("s3cret", DataType.SECRET, None, id="a secret in clear text"),
        pytest.param("${run.id}", DataType.STRING, "$${run.id}", id="what looks like a variable"),
        pytest.param("seven", DataType.INT, None, id="no number"),
        pytest.param("7", DataType.INT, 7, id="a number as text"),
        pytest.param(None, DataType.INT, None, id="nothing"),
    ],
)
def test_a_default_of_an_artefact_is_data_and_nothing_else(
    default: Any, data_type: DataType, taken: Any
) -> None:
    assert adopted(a("p", data_type=data_type, default=default)).default == taken


def test_what_people_have_said_of_a_parameter_stays() -> None:
    mine = a("rows", data_type=DataType.INT, default=3, required=True, description="How many.")
    secret = a("key", data_type=DataType.SECRET, default="vault://v/k")

    rows, key = merged(
        [mine, secret], [a("rows", default="7"), a("key", default="x")], typed=False, complete=True
    )

    assert rows == mine.model_copy(update={"default": 7})
    assert key == secret


def test_a_platform_that_declares_types_is_believed() -> None:
    old = a("rows", default="many")

    (new,) = merged([old], [a("rows", data_type=DataType.INT)], typed=True, complete=True)

    assert (new.data_type, new.default) == (DataType.INT, None)


def test_what_the_artefact_does_not_have_goes_unless_it_may_have_been_overlooked() -> None:
    existing = [a("old"), a("out", direction=Direction.OUTPUT)]

    gone = merged(existing, [a("new")], typed=False, complete=True)
    kept = merged(existing, [a("new")], typed=False, complete=False)

    assert [each.name for each in gone] == ["new", "out"]
    assert [each.name for each in kept] == ["new", "old", "out"]


def test_a_difference_names_everything() -> None:
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
).map(lambda found: [adopted(each) for each in found])


@given(PARAMETERS, PARAMETERS, st.booleans(), st.booleans())
def test_a_merged_schema_is_valid_and_merging_it_again_changes_nothing(
    existing: list[Parameter], found: list[Parameter], typed: bool, complete: bool
) -> None:
    once = merged(existing, found, typed=typed, complete=complete)
    twice = merged(once, found, typed=typed, complete=complete)

    assert len({each.name for each in once}) == len(once)
    assert {each.name for each in found} <= {each.name for each in once}
    for each in once:
        assert convert(each.default, each.data_type, path="default") == each.default
    assert schema_difference(once, twice).is_empty


@given(PARAMETERS, PARAMETERS)
def test_a_careful_merge_takes_nothing_away_that_a_task_may_have_set(
    existing: list[Parameter], found: list[Parameter]
) -> None:
    careful = {each.name: each for each in without_breakage(existing, found)}

    for each in existing:
        assert careful[each.name].data_type is each.data_type
    assert not any(careful[n].required for n in careful.keys() - {e.name for e in existing})
