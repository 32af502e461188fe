"""The parameters that a job and its tasks declare; a run without values sends none of a task."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.domain.definitions.jobs import DataType
from polysync_core.platforms.azure_databricks.job_source.parameters import JobParameters
from polysync_core.platforms.connector import ArtefactSchema


def schema(*tasks: dict[str, Any], **settings: Any) -> ArtefactSchema:
    found = JobParameters()
    numbered = [{"task_key": f"t{number}", **task} for number, task in enumerate(tasks)]
    assert found.read({"settings": {"tasks": numbered, **settings}}) is None
    return found.schema()


def notebook(**parameters: Any) -> dict[str, Any]:
    return {"notebook_task": {"notebook_path": "/n/mark", "base_parameters": parameters}}


def names(found: ArtefactSchema) -> list[tuple[str, object]]:
    return [(each.name, each.default) for each in found.parameters]


def test_a_value_of_a_task_is_no_default_and_tasks_that_disagree_are_named() -> None:
    found = schema(
        notebook(outcome="complete"),
        {"run_if": "AT_LEAST_ONE_FAILED", **notebook(outcome="failed")},
    )

    assert names(found) == [("outcome", None)]
    assert found.parameters[0].description == "Set by task t0: complete; task t1: failed"
    assert any("different values in the tasks t0, t1" in each for each in found.notes)
    assert not found.is_complete
    assert found.settings == {"sendParametersAs": "NotebookParams"}


def test_a_parameter_of_the_job_keeps_its_default_and_hides_that_of_a_task() -> None:
    found = schema(
        notebook(day="2020-01-01", own="x"), parameters=[{"name": "day", "default": "2026-01-01"}]
    )

    assert names(found) == [("own", None), ("day", "2026-01-01")]
    assert found.settings == {}


@pytest.mark.parametrize(
    ("task", "parameters", "setting"),
    [
        (notebook(day="x"), ["day"], "NotebookParams"),
        ({"python_wheel_task": {"named_parameters": {"day": "x"}}}, ["day"], "PythonNamedParams"),
        ({"sql_task": {"parameters": {"day": "x"}}}, ["day"], "SqlParams"),
        ({"pipeline_task": {"pipeline_id": "p"}}, ["full_refresh"], "PipelineParams"),
        (
            {"for_each_task": {"inputs": '["x"]', "task": {"task_key": "i", **notebook(day="d")}}},
            ["day"],
            "NotebookParams",
        ),
        (
            {"for_each_task": {"task": {"for_each_task": {"task": notebook(day="{{input}}")}}}},
            ["day"],
            "NotebookParams",
        ),
    ],
)
def test_named_parameters_of_a_task_need_their_setting(
    task: dict[str, Any], parameters: list[str], setting: str
) -> None:
    found = schema(task)

    assert names(found) == [(name, None) for name in parameters]
    assert found.settings == {"sendParametersAs": setting}
    assert any(f"sendParametersAs: {setting}" in each for each in found.notes)
    assert not found.is_complete


def test_a_pipeline_takes_a_boolean() -> None:
    [found] = schema({"pipeline_task": {"pipeline_id": "p"}}).parameters

    assert (found.name, found.data_type) == ("full_refresh", DataType.BOOL)


@pytest.mark.parametrize(
    ("task", "setting"),
    [
        ({"notebook_task": {"notebook_path": "/n"}}, "NotebookParams"),
        ({"spark_python_task": {"python_file": "f", "parameters": ["a"]}}, "PythonParams"),
        ({"python_wheel_task": {"parameters": ["a"]}}, "PythonParams"),
        ({"spark_jar_task": {"main_class_name": "c"}}, "JarParams"),
        ({"spark_submit_task": {"parameters": ["a"]}}, "SparkSubmitParams"),
        ({"dbt_task": {"commands": ["dbt run"]}}, "DbtCommands"),
        ({"for_each_task": {"task": {"spark_jar_task": {"parameters": ["x"]}}}}, "JarParams"),
    ],
)
def test_a_task_without_named_parameters_is_noted_with_the_setting(
    task: dict[str, Any], setting: str
) -> None:
    found = schema(task)

    assert names(found) == []
    assert any(f"sendParametersAs: {setting}" in each for each in found.notes)
    assert not found.is_complete


@pytest.mark.parametrize(
    ("task", "name"),
    [
        ({"run_job_task": {"job_id": 1, "job_parameters": {"day": "x"}}}, "day"),
        ({"run_job_task": {"job_id": 1, "notebook_params": {"day": "x"}}}, "day"),
        ({"clean_rooms_notebook_task": {"notebook_base_parameters": {"day": "x"}}}, "day"),
        ({"condition_task": {"left": "{{job.parameters.day}}", "right": "x"}}, "day"),
        ({"for_each_task": {"inputs": "{{ job.parameters.day }}", "task": {}}}, "day"),
    ],
)
def test_a_parameter_that_a_run_cannot_set_is_noted(task: dict[str, Any], name: str) -> None:
    found = schema(task)

    assert names(found) == []
    assert any(name in each for each in found.notes)
    assert not found.is_complete


def test_tasks_of_two_kinds_need_a_decision() -> None:
    found = schema(notebook(day="x"), {"sql_task": {"parameters": {"rows": "1"}}})

    assert names(found) == [("day", None), ("rows", None)]
    assert found.settings == {}
    assert all(
        any(each in note for note in found.notes) for each in ("NotebookParams", "SqlParams")
    )


def test_a_job_with_its_own_parameters_is_read_completely() -> None:
    found = schema(
        {"notebook_task": {"notebook_path": "/n"}},
        {"condition_task": {"left": "{{job.parameters.day}}"}},
        parameters=[{"name": "day", "default": "{{job.start_time.iso_date}}"}],
    )

    assert names(found) == [("day", None)]
    assert found.is_complete


def test_a_job_of_an_older_api_is_its_own_task() -> None:
    found = JobParameters()
    found.read({"settings": {"name": "old", **notebook(day="x")}})

    assert names(found.schema()) == [("day", None)]


@pytest.mark.parametrize("name", ["", "x" * 256, "a\nb", "a\u202eb"])
def test_a_name_that_no_job_can_have_is_left_out_with_a_note(name: str) -> None:
    of_task = schema(notebook(**{name: "x"}))
    of_job = schema(parameters=[{"name": name, "default": "x"}])

    for found in (of_task, of_job):
        assert names(found) == []
        assert any("left out" in each for each in found.notes)
        assert not found.is_complete
