"""Reads the tasks of a Databricks job, with the parameters of each task.

A task with named parameters has a value for each name. A task with a list takes arguments in an
order. A loop has an inner task. https://docs.databricks.com/api/workspace/jobs/get
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.platforms.azure_databricks.answers import objects_in
from polysync_core.platforms.azure_databricks.job_source.parameter_fields import ParameterField
from polysync_core.platforms.text import shortened_line

_DEEPEST_LOOP = 4
_KIND = re.compile(r"\w+_task")
_NAMED: Mapping[str, tuple[str, ParameterField]] = {
    "notebook_task": ("base_parameters", ParameterField.NOTEBOOK_PARAMS),
    "python_wheel_task": ("named_parameters", ParameterField.PYTHON_NAMED_PARAMS),
    "sql_task": ("parameters", ParameterField.SQL_PARAMS),
}
"""The kinds with named parameters: the property that holds them, and the field of a request."""
_LISTED: Mapping[str, ParameterField] = {
    "spark_python_task": ParameterField.PYTHON_PARAMS,
    "python_wheel_task": ParameterField.PYTHON_PARAMS,
    "spark_jar_task": ParameterField.JAR_PARAMS,
    "spark_submit_task": ParameterField.SPARK_SUBMIT_PARAMS,
    "dbt_task": ParameterField.DBT_COMMANDS,
}
_JOB_PARAMETER = re.compile(r"\{\{\s*job\.parameters\.\[?([^\s{}\[\]]{1,255})\]?\s*\}\}")


@dataclass(frozen=True, slots=True, kw_only=True)
class JobTask:
    """One task of a job with its parameters."""

    key: str
    kind: str
    """The name of the settings that describe the task, such as `notebook_task`."""
    request_field: ParameterField | None = None
    """The field of a request that sets the parameters; None if a run cannot set them."""
    named: Mapping[str, JsonValue] = field(default_factory=dict[str, JsonValue])
    is_list: bool = False
    """True if the task takes a list of arguments instead of named parameters."""


def tasks_of(settings: JsonObject) -> Iterator[JobTask]:
    """Yield the tasks of a job; the settings of an older job are the task itself."""
    for task in objects_in(settings, "tasks") or [settings]:
        yield from _read(task, shortened_line(task.get("task_key"), limit=100) or "", 0)


def referenced_parameters(settings: JsonObject) -> frozenset[str]:
    """Return the job parameters that the tasks refer to, as `{{job.parameters.name}}`."""
    tasks = objects_in(settings, "tasks")
    return frozenset(name for task in tasks for name in _JOB_PARAMETER.findall(json.dumps(task)))


def _read(task: JsonObject, key: str, depth: int) -> Iterator[JobTask]:
    for kind, found in task.items():
        if _KIND.fullmatch(kind) is None or not isinstance(found, dict):
            continue
        inner = found.get("task")
        if kind == "for_each_task" and isinstance(inner, dict) and depth < _DEEPEST_LOOP:
            yield from _read(inner, key, depth + 1)
        else:
            yield _task(key, kind, found)


def _task(key: str, kind: str, found: JsonObject) -> JobTask:
    if kind == "pipeline_task":
        return JobTask(key=key, kind=kind, request_field=ParameterField.PIPELINE_PARAMS)
    if kind in _NAMED:
        holder, named_field = _NAMED[kind]
        values = found.get(holder)
        if isinstance(values, dict) or kind not in _LISTED:
            named = values if isinstance(values, dict) else {}
            return JobTask(key=key, kind=kind, request_field=named_field, named=named)
    if kind in _LISTED:
        return JobTask(key=key, kind=kind, request_field=_LISTED[kind], is_list=True)
    return JobTask(key=key, kind=kind, named=_own_parameters(found))


def _own_parameters(found: JsonObject) -> dict[str, JsonValue]:
    """Return parameters that a run cannot set, such as those of another job."""
    return {
        name: value
        for holder, values in found.items()
        if holder.endswith(("parameters", "params")) and isinstance(values, dict)
        for name, value in values.items()
    }
