"""Tests for mapping parameters to the request to Databricks."""

from __future__ import annotations

import pytest

from polysync_core.appkit.errors import InvalidParameters
from polysync_core.appkit.parameters import TaskType, run_now_fields
from polysync_core.domain.json_types import JsonObject

BY_NAME = {
    TaskType.NOTEBOOK: "notebook_params",
    TaskType.PYTHON_WHEEL: "python_named_params",
    TaskType.SQL: "sql_params",
}
BY_POSITION = {TaskType.PYTHON_SCRIPT: "python_params", TaskType.SPARK_JAR: "jar_params"}


@pytest.mark.parametrize("task_type", [*TaskType, None])
def test_without_parameters_the_request_has_no_field(task_type: TaskType | None) -> None:
    assert run_now_fields(task_type, None) == {}


@pytest.mark.parametrize(("task_type", "field"), BY_NAME.items())
def test_named_parameters_become_texts(task_type: TaskType, field: str) -> None:
    params: JsonObject = {"day": "x", "n": 1.0, "yes": True, "none": None}
    expected = {field: {"day": "x", "n": "1", "yes": "true", "none": "null"}}
    assert run_now_fields(task_type, params) == expected
    assert run_now_fields(task_type, {}) == {field: {}}


@pytest.mark.parametrize("task_type", BY_NAME)
@pytest.mark.parametrize(("value", "kind"), [({}, "object"), ([1], "array")])
def test_a_named_parameter_must_not_be_an_object_or_a_list(
    task_type: TaskType, value: object, kind: str
) -> None:
    with pytest.raises(InvalidParameters) as caught:
        run_now_fields(task_type, {"fine": 1, "a": value})  # type: ignore[dict-item]
    assert caught.value.text == f'Parameter "a" must be a primitive value, got {kind}'
    assert [problem.path for problem in caught.value.problems] == ["params.a"]


@pytest.mark.parametrize(("task_type", "field"), BY_POSITION.items())
@pytest.mark.parametrize(
    ("params", "arguments"),
    [
        (
            {"args": ["a", 1.0, None, {"a": 1}, [1, [2, 3]], []]},
            ["a", "1", "null", "[object Object]", "1,2,3", ""],
        ),
        ({"args": "a b"}, []),
        ({"other": 1}, []),
        ({}, []),
    ],
)
def test_arguments_become_a_list_of_texts(
    task_type: TaskType, field: str, params: JsonObject, arguments: list[str]
) -> None:
    assert run_now_fields(task_type, params) == {field: arguments}


def test_dbt_takes_no_parameters() -> None:
    assert run_now_fields(TaskType.DBT, {}) == {}
    with pytest.raises(InvalidParameters) as caught:
        run_now_fields(TaskType.DBT, {"a": 1})
    assert caught.value.text == "dbt tasks do not accept parameters"


def test_without_a_task_type_the_known_fields_of_a_run_are_sent_unchanged() -> None:
    params: JsonObject = {
        "notebook_params": {"a": "1"},
        "idempotency_token": "mine",
        "job_id": 5,
        "unknown": 1,
    }
    expected = {"notebook_params": {"a": "1"}, "idempotency_token": "mine"}
    assert run_now_fields(None, params) == expected
