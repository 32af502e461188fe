"""The parameters that the tasks of a job receive, and the conditions of their start."""

from __future__ import annotations

from typing import Any

import pytest

from simulators.databricks.errors import ApiError
from simulators.databricks.runs import EXCLUDED, UPSTREAM_FAILED, Result, State, unmet_state
from simulators.databricks.task_kinds import iterations, with_parameters

PUSHED = {"day": "job", "new": "1"}


@pytest.mark.parametrize(
    ("task", "given", "expected"),
    [
        (
            {"notebook_task": {"base_parameters": {"day": "t", "own": "{{job.parameters.day}}"}}},
            {"notebook_params": {"own": "run"}},
            {"base_parameters": {"day": "job", "new": "1", "own": "run"}},
        ),
        (
            {"python_wheel_task": {"named_parameters": {"day": "t"}}},
            {"python_named_params": {"day": "run"}},
            {"named_parameters": {"day": "run", "new": "1"}},
        ),
        ({"python_wheel_task": {"parameters": ["a"]}}, {}, {"parameters": ["a"]}),
        (
            {"python_wheel_task": {"parameters": ["a"]}},
            {"python_params": ["b"]},
            {"parameters": ["b"]},
        ),
        (
            {"sql_task": {}},
            {"sql_params": {"x": "2"}},
            {"parameters": {"day": "job", "new": "1", "x": "2"}},
        ),
        (
            {"spark_python_task": {"parameters": ["{{ job.parameters.[day] }}", "{{job.id}}"]}},
            {},
            {"parameters": ["job", "{{job.id}}"]},
        ),
        ({"dbt_task": {"commands": ["a"]}}, {"dbt_commands": ["b"]}, {"commands": ["b"]}),
        (
            {"pipeline_task": {"pipeline_id": "p"}},
            {"pipeline_params": {"full_refresh": True}},
            {"pipeline_id": "p", "full_refresh": True},
        ),
        (
            {"run_job_task": {"job_id": 1, "job_parameters": {"day": "t"}}},
            {},
            {"job_id": 1, "job_parameters": {"day": "job", "new": "1"}},
        ),
        (
            {"for_each_task": {"inputs": "[1]", "task": {"sql_task": {}}}},
            {},
            {"inputs": "[1]", "task": {"sql_task": {"parameters": PUSHED}}},
        ),
    ],
)
def test_a_task_receives_the_parameters_of_its_kind(
    task: dict[str, Any], given: dict[str, Any], expected: dict[str, Any]
) -> None:
    [kind] = task

    assert with_parameters(task, PUSHED, given)[kind] == expected


@pytest.mark.parametrize("task", [{}, {"odd_task": {}}, {"sql_task": {}, "dbt_task": {}}])
def test_a_task_of_no_kind_is_refused(task: dict[str, Any]) -> None:
    with pytest.raises(ApiError):
        with_parameters(task, {}, {})


def test_a_loop_gives_each_input_to_its_notebook() -> None:
    inner = {
        "notebook_task": {"base_parameters": {"a": "{{input}}", "b": "{{input.x}}-{{input.y}}"}}
    }
    loop = {"inputs": '["p", {"x": 1, "y": "q"}]', "task": inner}

    assert iterations(loop) == [{"a": "p", "b": "p-p"}, {"a": '{"x": 1, "y": "q"}', "b": "1-q"}]


@pytest.mark.parametrize("inputs", ["x", '{"a": 1}', ""])
def test_inputs_of_another_form_are_refused(inputs: str) -> None:
    with pytest.raises(ValueError, match=r"\S"):
        iterations({"inputs": inputs, "task": {}})


S, F, E = Result.SUCCESS, Result.FAILED, Result.EXCLUDED


@pytest.mark.parametrize(
    ("run_if", "upstream", "expected"),
    [
        ("ALL_SUCCESS", [], None),
        ("ALL_SUCCESS", [S, E], None),
        ("ALL_SUCCESS", [S, F], UPSTREAM_FAILED),
        ("ALL_DONE", [F, F], None),
        ("NONE_FAILED", [S, F], EXCLUDED),
        ("AT_LEAST_ONE_SUCCESS", [S, F], None),
        ("AT_LEAST_ONE_SUCCESS", [F], EXCLUDED),
        ("AT_LEAST_ONE_FAILED", [S, F], None),
        ("AT_LEAST_ONE_FAILED", [S], EXCLUDED),
        ("ALL_FAILED", [F, S], EXCLUDED),
        ("ALL_FAILED", [F], None),
        ("ALL_DONE", [E, E], EXCLUDED),
    ],
)
def test_a_task_starts_by_the_results_before_it(
    run_if: str, upstream: list[Result | None], expected: State | None
) -> None:
    assert unmet_state(run_if, upstream) == expected
