"""Determines the kinds of tasks, and applies job and run parameters to tasks.

A parameter of the job wins over the parameter of a task with the same name, and replaces
`{{job.parameters.name}}`. The simulator executes notebooks, loops over them and other jobs. A task
of another kind succeeds at once.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from typing import Any

from simulators.databricks.errors import invalid_parameter

NOTEBOOK = "notebook_task"
LOOP = "for_each_task"
CHILD = "run_job_task"
_NAMED = {
    NOTEBOOK: ("base_parameters", "notebook_params"),
    "python_wheel_task": ("named_parameters", "python_named_params"),
    "sql_task": ("parameters", "sql_params"),
    CHILD: ("job_parameters", ""),
}
"""Kinds with named parameters: the property that holds them, and the field of a run's request."""
_LISTED = {
    "spark_python_task": ("parameters", "python_params"),
    "python_wheel_task": ("parameters", "python_params"),
    "spark_jar_task": ("parameters", "jar_params"),
    "spark_submit_task": ("parameters", "spark_submit_params"),
    "dbt_task": ("commands", "dbt_commands"),
}
_OTHERS = frozenset({LOOP, "pipeline_task", "condition_task"})
KINDS = _NAMED.keys() | _LISTED.keys() | _OTHERS
_REFERENCE = re.compile(r"\{\{\s*job\.parameters\.\[?([^\s{}\[\]]+)\]?\s*\}\}")
_INPUT = re.compile(r"\{\{\s*input(?:\.([^\s{}]+))?\s*\}\}")


def kind_of(task: Mapping[str, Any], key: str) -> str:
    """Return the kind of a task; raise if it has none or several, or an unknown one."""
    kinds = [name for name in task if name.endswith("_task")]
    if len(kinds) != 1 or kinds[0] not in KINDS or not isinstance(task[kinds[0]], dict):
        raise invalid_parameter(f"Task {key}: one of {', '.join(sorted(KINDS))} is expected.")
    return kinds[0]


def with_parameters(
    task: Mapping[str, Any], pushed: Mapping[str, str], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return a task with the parameters of its job and of a request."""
    kind = kind_of(task, str(task.get("task_key", "")))
    settings = dict(task[kind])
    if kind == LOOP and isinstance(settings.get("task"), dict):
        settings["task"] = with_parameters(settings["task"], pushed, given)
    elif kind == "pipeline_task":
        settings |= given.get("pipeline_params", {})
    else:
        settings |= _parameters(kind, settings, pushed, given)
    return {**task, kind: _replaced(settings, pushed)}


def _parameters(
    kind: str, settings: Mapping[str, Any], pushed: Mapping[str, str], given: Mapping[str, Any]
) -> dict[str, Any]:
    """Return the properties of a task that the parameters change."""
    if kind in _NAMED:
        holder, field = _NAMED[kind]
        # A wheel has a list of arguments instead, and other tasks may have no parameters yet.
        if kind not in _LISTED or settings.get(holder) is not None:
            return {holder: {**(settings.get(holder) or {}), **pushed, **given.get(field, {})}}
    holder, field = _LISTED.get(kind, ("", ""))
    return {holder: given[field]} if field in given else {}


def _replaced(value: Any, pushed: Mapping[str, str]) -> Any:
    match value:
        case str():
            return _REFERENCE.sub(lambda found: pushed.get(found[1], found[0]), value)
        case dict():
            return {name: _replaced(each, pushed) for name, each in value.items()}
        case list():
            return [_replaced(each, pushed) for each in value]
        case _:
            return value


def iterations(loop: Mapping[str, Any]) -> list[dict[str, str]]:
    """Return the parameters of each iteration of a loop over a notebook; raise `ValueError`."""
    inputs = json.loads(str(loop.get("inputs", "[]")))
    if not isinstance(inputs, list):
        raise ValueError("they are no list")  # noqa: TRY004 - text of a user, like wrong JSON
    base = loop["task"].get(NOTEBOOK, {}).get("base_parameters") or {}
    return [{name: _of_input(text, each) for name, text in base.items()} for each in inputs]


def _of_input(text: str, value: Any) -> str:
    def found(reference: re.Match[str]) -> str:
        name = reference[1]
        part = value.get(name, "") if name and isinstance(value, dict) else value
        return part if isinstance(part, str) else json.dumps(part)

    return _INPUT.sub(found, text)
