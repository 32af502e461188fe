"""75 shapes of jobs: kinds of tasks, each with several parameters of the job."""

from __future__ import annotations

from itertools import product
from typing import Any

Task = dict[str, Any]


def notebook(**parameters: str) -> Task:
    return {"notebook_task": {"notebook_path": "/none", "base_parameters": parameters}}


OWN = {"day": "task", "own": "1"}
TASKS: dict[str, list[Task]] = {
    "plain notebook": [{"notebook_task": {"notebook_path": "/none"}}],
    "notebook": [notebook(**OWN)],
    "notebook that reads a reference": [notebook(day="{{job.parameters.day}}/x", at="{{job.id}}")],
    "notebooks that disagree": [
        notebook(outcome="complete"),
        {"run_if": "AT_LEAST_ONE_FAILED", **notebook(outcome="failed")},
        {"run_if": "ALL_DONE", **notebook(day="done")},
    ],
    "wheel with names": [{"python_wheel_task": {"named_parameters": OWN}}],
    "wheel with a list": [
        {"python_wheel_task": {"parameters": ["--day", "{{job.parameters.day}}"]}}
    ],
    "SQL": [{"sql_task": {"parameters": OWN, "query": {"query_id": "q"}}}],
    "Python file": [{"spark_python_task": {"python_file": "/f.py", "parameters": ["a", "b"]}}],
    "JAR": [{"spark_jar_task": {"main_class_name": "c", "parameters": ["a"]}}],
    "dbt and submit": [
        {"dbt_task": {"commands": ["dbt run"]}},
        {"spark_submit_task": {"parameters": ["--class", "c"]}},
    ],
    "pipeline": [{"pipeline_task": {"pipeline_id": "p", "full_refresh": True}}],
    "loop": [
        {
            "for_each_task": {
                "inputs": '["x", "y"]',
                "task": {"task_key": "inner", **notebook(item="{{input}}", day="loop")},
            }
        }
    ],
    "loop over SQL in a mixture": [
        {
            "for_each_task": {
                "inputs": "[1]",
                "task": {"task_key": "i", "sql_task": {"parameters": OWN}},
            }
        },
        {"python_wheel_task": {"named_parameters": {"own": "wheel"}}},
        notebook(own="notebook"),
    ],
    "other job": [{"run_job_task": {"job_parameters": {"day": "parent", "child": "1"}}}],
    "other job with a reference and a condition": [
        {"condition_task": {"op": "EQUAL_TO", "left": "{{job.parameters.day}}", "right": "x"}},
        {"run_job_task": {"job_parameters": {"child": "{{job.parameters.day}}"}}},
        {"run_if": "NONE_FAILED", **notebook(child="notebook")},
    ],
}
PARAMETERS: dict[str, list[dict[str, str]]] = {
    "none": [],
    "the same name": [{"name": "day", "default": "2026-01-01"}],
    "other names": [{"name": "région", "default": ""}, {"name": "n", "default": "007"}],
    "a value of Databricks": [{"name": "day", "default": "{{job.start_time.iso_date}}"}],
    "deceptive texts": [
        {"name": "day", "default": "${run.id} $${x} \\ 'ü'"},
        {"name": "secret", "default": "vault://local/TOKEN"},
    ],
}
SHAPES = list(product(TASKS, PARAMETERS))


def settings(tasks: str, parameters: str, *, child: int) -> dict[str, Any]:
    """Return the settings of a job; its tasks run one after the other."""
    found: list[Task] = []
    for number, task in enumerate(TASKS[tasks]):
        before = [{"task_key": f"t{number - 1}"}] if number else []
        found.append({"task_key": f"t{number}", "depends_on": before, **task})
        if "run_job_task" in task:
            found[-1]["run_job_task"] = {"job_id": child, **task["run_job_task"]}
    return {"name": f"{tasks}, {parameters}", "tasks": found, "parameters": PARAMETERS[parameters]}
