"""Tests of parameter values: conversion and precedence."""

from __future__ import annotations

import json
import math
from datetime import UTC, datetime
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from polysync_core.domain.definitions.jobs import DataType, Direction, Job, JobType, Parameter
from polysync_core.domain.errors import Invalid
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.parameters import convert, resolve
from polysync_core.domain.variables import RunVariables, substitute

JSON_VALUES = st.recursive(
    st.none()
    | st.booleans()
    | st.integers()
    | st.floats(allow_nan=False, allow_infinity=False)
    | st.text(max_size=8),
    lambda inner: (
        st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner, max_size=3)
    ),
    max_leaves=6,
)


def a_job(*parameters: Parameter) -> Job:
    return Job(
        name="j",
        platform="p",
        job_type=JobType.DATABRICKS_NOTEBOOK,
        external_id="/n",
        parameters=parameters,
    )


@pytest.mark.parametrize(
    ("data_type", "value", "expected"),
    [
        pytest.param(DataType.STRING, "x", "x", id="text as text"),
        pytest.param(DataType.STRING, 1.5, "1.5", id="number as text"),
        pytest.param(DataType.STRING, True, "true", id="boolean as its JSON text"),
        pytest.param(DataType.STRING, {"a": [1]}, '{"a":[1]}', id="object as its JSON"),
        pytest.param(DataType.INT, "-42", -42, id="text as a whole number"),
        pytest.param(DataType.INT, 3.0, 3, id="3.0 as a whole number"),
        pytest.param(DataType.FLOAT, "1e3", 1000.0, id="text as a number"),
        pytest.param(DataType.FLOAT, 2, 2.0, id="whole number as a number"),
        pytest.param(DataType.BOOL, "TRUE", True, id="text as a boolean"),
        pytest.param(DataType.JSON, '{"a": 1}', {"a": 1}, id="text as its object"),
        pytest.param(DataType.JSON, "plain", "plain", id="text that is not JSON stays"),
        pytest.param(DataType.JSON_ARRAY, "[1, 2]", [1, 2], id="text as its list"),
        pytest.param(DataType.SECRET, "vault://v/s", "vault://v/s", id="reference"),
        pytest.param(DataType.INT, "vault://v/s", "vault://v/s", id="reference for a number"),
        pytest.param(DataType.INT, "${run.attempt}", "${run.attempt}", id="variable for a number"),
        pytest.param(DataType.INT, None, None, id="absent value"),
    ],
)
def test_a_value_is_converted_to_its_data_type(
    data_type: DataType, value: JsonValue, expected: JsonValue
) -> None:
    found = convert(value, data_type, path="p")

    assert (found, type(found)) == (expected, type(expected))


@pytest.mark.parametrize(
    ("data_type", "value"),
    [
        pytest.param(DataType.INT, True, id="boolean is not a number"),
        pytest.param(DataType.INT, 1.5, id="1.5 is not whole"),
        pytest.param(DataType.INT, "1_000", id="Python's digit separator"),
        pytest.param(DataType.INT, "\uff11", id="full-width digit"),
        pytest.param(DataType.INT, "9" * 31, id="number of too many digits"),
        pytest.param(DataType.FLOAT, "nan", id="not a number"),
        pytest.param(DataType.FLOAT, "1e999", id="number that overflows to infinity"),
        pytest.param(DataType.FLOAT, 10**400, id="number that is too large"),
        pytest.param(DataType.BOOL, 1, id="1 is not true"),
        pytest.param(DataType.BOOL, "yes", id="yes is not true"),
        pytest.param(DataType.JSON_ARRAY, {"a": 1}, id="object for a list"),
        pytest.param(DataType.JSON_ARRAY, "[1,", id="incomplete list"),
        pytest.param(DataType.JSON_ARRAY, "[" * 9999, id="list nested too deeply"),
        pytest.param(DataType.SECRET, "hunter2", id="secret in plain text"),
        pytest.param(DataType.STRING, "vault://nope", id="incomplete reference"),
        pytest.param(DataType.STRING, "${run.nope}", id="unknown variable"),
    ],
)
def test_a_value_that_cannot_be_converted_is_refused_at_its_path(
    data_type: DataType, value: JsonValue
) -> None:
    with pytest.raises(Invalid) as caught:
        convert(value, data_type, path="parameters.x")

    assert [problem.path for problem in caught.value.problems] == ["parameters.x"]
    if isinstance(value, str) and "$" not in value:
        assert value not in str(caught.value)


@given(JSON_VALUES, st.sampled_from(DataType))
@example({"${": None}, DataType.STRING)
def test_a_second_conversion_changes_nothing(value: Any, data_type: DataType) -> None:
    try:
        once = convert(value, data_type, path="p")
    except Invalid:
        return
    assert convert(once, data_type, path="p") == once
    assert json.loads(json.dumps(once, allow_nan=False)) == once


def test_variables_inside_an_object_that_becomes_text_are_not_substituted() -> None:
    """Regression: `${` inside an object was read as a broken run variable."""
    text = convert({"a": "${run.id} ${"}, DataType.STRING, path="p")
    assert isinstance(text, str)
    variables = RunVariables(
        id="r", attempt=1, scheduled_time=datetime.now(UTC), trigger_type="Manual", graph_run_id="r"
    )
    assert substitute(text, variables) == '{"a":"${run.id} ${"}'


@given(st.integers(-(10**29), 10**29))
def test_a_whole_number_is_read_back_from_its_text(value: int) -> None:
    assert convert(str(value), DataType.INT, path="p") == value


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_a_float_is_read_back_from_its_text(value: float) -> None:
    found = convert(repr(value), DataType.FLOAT, path="p")
    assert isinstance(found, float)
    assert math.copysign(1, found) == math.copysign(1, value)
    assert found == value


def test_an_override_wins_over_the_task_and_the_task_wins_over_the_default() -> None:
    job = a_job(*(Parameter(name=name, default="job") for name in "abc"))

    found = resolve(job, {"a": "task", "b": "task"}, {"a": "override"})

    assert found == {"a": "override", "b": "task", "c": "job"}


def test_a_parameter_without_a_value_is_left_out() -> None:
    assert resolve(a_job(Parameter(name="a")), {"a": None}, {}) == {}


def test_all_problems_are_reported_together() -> None:
    job = a_job(
        Parameter(name="count", data_type=DataType.INT),
        Parameter(name="needed", required=True),
        Parameter(name="result", direction=Direction.OUTPUT, required=True),
    )

    with pytest.raises(Invalid) as caught:
        resolve(job, {"count": "x"}, {"cuont": 1, "result": 1})

    assert {problem.path for problem in caught.value.problems} == {
        "parameters.count",
        "parameters.needed",
        "parameters.cuont",
        "parameters.result",
    }
