"""Reads the return value of a pipeline run as outputs, and declared return keys.

"Set variable" activities return the value as `pipelineReturnValue` of their output. "Execute
pipeline" activities show the value of the child pipeline under the same name; it is not read.
https://learn.microsoft.com/azure/data-factory/tutorial-pipeline-return-value
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from datetime import UTC, datetime
from typing import cast

from polysync_core.domain.definitions.jobs import DataType, Direction, Parameter
from polysync_core.domain.errors import PlatformRefused
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.azure_data_pipelines.client import (
    ActivityLog,
    text_of,
    window,
)
from polysync_core.platforms.azure_data_pipelines.states import CLOCK_SKEW, RETENTION
from polysync_core.platforms.calls import AnswerTooLarge
from polysync_core.platforms.connector import Report, RunNotFound
from polysync_core.platforms.times import moment_in
from polysync_core.platforms.values import is_parameter_name

RETURN_VALUE = "pipelineReturnValue"

_SETS_VARIABLE = "SetVariable"
_EARLIEST = datetime.min.replace(tzinfo=UTC)
_DEEPEST = 16
_TYPES = {
    "string": DataType.STRING,
    "boolean": DataType.BOOL,
    "int": DataType.INT,
    "float": DataType.FLOAT,
    "array": DataType.JSON_ARRAY,
}


def with_return_value(service: ActivityLog, pipeline: str, run_id: str, report: Report) -> Report:
    """Return the report of a successful run with its pipeline's return value.

    A missing value does not fail the run: the report states why the value is missing. Raises
    `Unavailable`, and `PlatformRefused` for a refused credential, because a later read may succeed.
    """
    try:
        return replace(report, outputs=_read(service, pipeline, run_id, report))
    except PlatformRefused as error:
        if error.cause is FailureCause.SECRET:
            raise
        reason = str(error)
    except (RunNotFound, AnswerTooLarge) as error:
        reason = str(error)
    return replace(report, outputs_missing=f"The pipeline's return value is missing: {reason}.")


def _read(service: ActivityLog, pipeline: str, run_id: str, report: Report) -> JsonObject:
    now = service.now()
    since = (report.started_at or now - RETENTION) - CLOCK_SKEW
    body = window(since, now + CLOCK_SKEW, ActivityType=_SETS_VARIABLE)
    activities = service.activities(pipeline, run_id, body)
    setting = [each for each in activities if text_of(each, "activityType") == _SETS_VARIABLE]
    outputs: JsonObject = {}
    # If several activities set a key, the last one counts.
    for activity in sorted(setting, key=_ended):
        outputs |= object_in(object_in(activity, "output"), RETURN_VALUE)
    return outputs


def _ended(activity: JsonObject) -> datetime:
    return moment_in(activity, "activityRunEnd") or _EARLIEST


def declared_outputs(definition: JsonObject) -> Iterator[Parameter]:
    """Yield the return keys in a pipeline's definition, as parameters."""
    for activity in _activities(definition.get("activities")):
        properties = object_in(activity, "typeProperties")
        value = properties.get("value")
        if properties.get("variableName") != RETURN_VALUE or not isinstance(value, list):
            continue
        for entry in value:
            key = text_of(entry, "key") if isinstance(entry, dict) else ""
            if isinstance(entry, dict) and is_parameter_name(key):
                kind = text_of(object_in(entry, "value"), "type").lower()
                # An expression can return any type.
                data_type = _TYPES.get(kind, DataType.JSON)
                yield Parameter(name=key, data_type=data_type, direction=Direction.OUTPUT)


def _activities(found: JsonValue, depth: int = 0) -> Iterator[JsonObject]:
    """Yield the activities of a list and of nested lists, such as in a loop."""
    if not isinstance(found, list) or depth > _DEEPEST:
        return
    for activity in found:
        if not isinstance(activity, dict):
            continue
        yield activity
        inner = object_in(activity, "typeProperties")
        cases = inner.get("cases")
        branches = cast("list[JsonValue]", cases) if isinstance(cases, list) else []
        for holder in (inner, *(each for each in branches if isinstance(each, dict))):
            for name, value in holder.items():
                if name.lower().endswith("activities"):
                    yield from _activities(value, depth + 1)
