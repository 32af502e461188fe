"""Maps request parameters to the fields of the Databricks API call `jobs/run-now`."""

from __future__ import annotations

import math
from collections.abc import Iterator, Mapping
from enum import StrEnum
from typing import assert_never, cast

from polysync_core.appkit.errors import InvalidParameters
from polysync_core.appkit.javascript import as_text
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.strict_documents import MAX_DEPTH


class TaskType(StrEnum):
    """The type of a job's task, which decides the field of the parameters."""

    NOTEBOOK = "notebook"
    PYTHON_WHEEL = "python_wheel"
    PYTHON_SCRIPT = "python_script"
    SPARK_JAR = "spark_jar"
    SQL = "sql"
    DBT = "dbt"


TOKEN_FIELD = "idempotency_token"  # noqa: S105 - the name of a field
_RUN_NOW_FIELDS = frozenset(
    {
        "dbt_commands",
        TOKEN_FIELD,
        "jar_params",
        "job_parameters",
        "notebook_params",
        "only",
        "performance_target",
        "pipeline_params",
        "python_named_params",
        "python_params",
        "queue",
        "spark_submit_params",
        "sql_params",
    }
)
"""The fields that a request may set itself if the job has no task type."""


def given_parameters(params: object, *, allows_objects: bool) -> JsonObject | None:
    """Return the parameters of a program as a JSON object, or raise `InvalidParameters`.

    A pydantic model may convert other objects, such as dates, so they pass with `allows_objects`.
    """
    if params is None:
        return None
    if not isinstance(params, Mapping):
        text = "params must be a plain object"
        raise InvalidParameters(text, [Problem("params", 'must be a mapping: {"name": value}')])
    given = dict(cast("Mapping[str, JsonValue]", params))
    problems = list(_not_json(given, "params", 0, allows_objects=allows_objects))
    if problems:
        raise InvalidParameters("Invalid job parameters", problems)
    return given


def _not_json(value: object, path: str, depth: int, *, allows_objects: bool) -> Iterator[Problem]:
    """Yield the parts of a value that JSON cannot hold."""
    if depth > MAX_DEPTH:
        yield Problem(path, f"nested deeper than {MAX_DEPTH} levels")
        return
    match value:
        case dict():
            for name, each in cast("dict[object, object]", value).items():
                if not isinstance(name, str):
                    yield Problem(path, "must have names that are texts")
                yield from _not_json(
                    each, f"{path}.{name}", depth + 1, allows_objects=allows_objects
                )
        case list():
            for index, each in enumerate(cast("list[object]", value)):
                yield from _not_json(
                    each, f"{path}[{index}]", depth + 1, allows_objects=allows_objects
                )
        case float() if not math.isfinite(value):
            yield Problem(path, "must be a finite number")
        case str() | int() | float() | None:
            return
        case _ if not allows_objects:
            kind = type(value).__name__
            yield Problem(path, f"must be a JSON value, not {kind}: convert it to a text")
        case _:
            return


def run_now_fields(task_type: TaskType | None, params: JsonObject | None) -> JsonObject:
    """Return the fields that carry the parameters, or raise `InvalidParameters`."""
    if params is None:
        return {}
    match task_type:
        case None:
            return {name: value for name, value in params.items() if name in _RUN_NOW_FIELDS}
        case TaskType.NOTEBOOK:
            return {"notebook_params": _texts(params)}
        case TaskType.PYTHON_WHEEL:
            return {"python_named_params": _texts(params)}
        case TaskType.SQL:
            return {"sql_params": _texts(params)}
        case TaskType.PYTHON_SCRIPT:
            return {"python_params": _arguments(params)}
        case TaskType.SPARK_JAR:
            return {"jar_params": _arguments(params)}
        case TaskType.DBT:
            return _no_fields(params)
        case _:
            assert_never(task_type)


def _texts(params: JsonObject) -> JsonObject:
    containers = {name: kind for name, value in params.items() if (kind := _container(value))}
    if containers:
        name, kind = next(iter(containers.items()))
        raise InvalidParameters(
            f'Parameter "{name}" must be a primitive value, got {kind}',
            [
                Problem(f"params.{each}", f"must be a text, a number, a boolean or null, not {of}")
                for each, of in containers.items()
            ],
        )
    return {name: as_text(value) for name, value in params.items()}


def _container(value: JsonValue) -> str | None:
    if isinstance(value, dict):
        return "object"
    return "array" if isinstance(value, list) else None


def _arguments(params: JsonObject) -> JsonValue:
    arguments = params.get("args")
    return [as_text(each) for each in arguments] if isinstance(arguments, list) else []


def _no_fields(params: JsonObject) -> JsonObject:
    if params:
        text = "dbt tasks do not accept parameters"
        raise InvalidParameters(text, [Problem("params", "must be left out for a dbt task")])
    return {}
