"""Reads the parameters of a Vertex AI pipeline, and converts values to declared types."""

from __future__ import annotations

import re
from collections.abc import Iterable, Iterator

from polysync_core.domain.definitions.jobs import DataType, Direction, Parameter
from polysync_core.domain.definitions.validation.messages import nearest
from polysync_core.domain.errors import Invalid, PlatformRefused
from polysync_core.domain.json_types import JsonObject, JsonValue, object_in
from polysync_core.domain.parameters import convert_literal
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.platforms.connector import ArtefactSchema, SubmitRequest
from polysync_core.platforms.text import shortened_line
from polysync_core.platforms.values import INVALID_NAME, as_json, is_parameter_name

# Schema 2.0 names the type in `type`, later schemas in `parameterType`.
_TYPES = {
    "STRING": DataType.STRING,
    "NUMBER_INTEGER": DataType.INT,
    "INT": DataType.INT,
    "NUMBER_DOUBLE": DataType.FLOAT,
    "DOUBLE": DataType.FLOAT,
    "BOOLEAN": DataType.BOOL,
    "LIST": DataType.JSON_ARRAY,
    "STRUCT": DataType.JSON,
}
_OLD_VALUES = {
    DataType.INT: "intValue",
    DataType.FLOAT: "doubleValue",
    DataType.STRING: "stringValue",
}
_OLD_SCHEMA = "2.0"
_CONFIDENTIAL = re.compile(r"key|passw|pwd|secret|token|credential|connection", re.IGNORECASE)


def hints_at_secret(name: str) -> bool:
    """Return whether the name of a parameter hints at a secret value.

    Such a value does not become a default; a copy of the template has it anyway.
    """
    return _CONFIDENTIAL.search(name) is not None


def definitions_of(spec: JsonObject, name: str, kind: str = "parameters") -> JsonObject:
    """Return the definitions of a pipeline's inputs or outputs, parameters or artefacts."""
    return object_in(object_in(object_in(spec, "root"), name), kind)


def type_of(definition: JsonObject) -> DataType:
    """Return the data type of a parameter of a pipeline."""
    word = definition.get("parameterType", definition.get("type"))
    return _TYPES.get(str(word), DataType.STRING)


def converted(value: JsonValue, definition: JsonObject) -> JsonValue:
    """Return a value in the type of its definition; another value stays as it is."""
    if value is None or not definition:
        return value
    try:
        return convert_literal(value, type_of(definition), path="")
    except Invalid:
        return value


def with_pipeline_values(template: JsonObject, request: SubmitRequest) -> JsonObject:
    """Return a pipeline job with a request's values; others keep the template's values."""
    spec = object_in(template, "pipelineSpec")
    known = definitions_of(spec, "inputDefinitions")
    given = as_json(request.parameters, request.job.parameters)
    values: JsonObject = {name: _typed(name, value, known) for name, value in given.items()}
    config = object_in(template, "runtimeConfig")
    if str(spec.get("schemaVersion", "")).startswith(_OLD_SCHEMA):
        old: JsonObject = {name: _old_value(value, known, name) for name, value in values.items()}
        changed = {"parameters": {**object_in(config, "parameters"), **old}}
    else:
        changed = {"parameterValues": {**object_in(config, "parameterValues"), **values}}
    return {**template, "runtimeConfig": {**config, **changed}}


def _typed(name: str, value: JsonValue, known: JsonObject) -> JsonValue:
    if name not in known:
        names = ", ".join(sorted(known)) or "none"
        raise parameter_error(
            name,
            f"is not an input of the pipeline, which has: {names}; sync the job's parameters"
            f"{nearest(name, known)}",
        )
    data_type = type_of(object_in(known, name))
    try:
        return convert_literal(value, data_type, path=f"parameters.{name}")
    except Invalid:
        # The text of the problem could show a part of the value.
        pass
    raise parameter_error(name, f"has not the type {data_type} that the pipeline declares")


def _old_value(value: JsonValue, known: JsonObject, name: str) -> JsonValue:
    data_type = type_of(object_in(known, name))
    field = _OLD_VALUES.get(data_type, "stringValue")
    # 64-bit numbers are texts in the JSON of Google's APIs.
    return {field: str(value) if data_type is DataType.INT else value}


def parameter_error(name: str, message: str) -> PlatformRefused:
    """Return the error for a parameter that cannot be sent."""
    return PlatformRefused(f"parameters.{name}: {message}", cause=FailureCause.PARAMETERS)


def describe_pipeline(template: JsonObject) -> ArtefactSchema:
    """Return the parameters and the outputs that a pipeline's specification declares."""
    spec = object_in(template, "pipelineSpec")
    inputs = list(_inputs(spec, object_in(template, "runtimeConfig")))
    outputs = list(_outputs(spec))
    return schema_of(
        inputs, outputs, doubts=(*_unread(spec), *_unusable(spec)), notes=tuple(_notes(spec))
    )


def schema_of(
    inputs: Iterable[Parameter],
    outputs: Iterable[Parameter],
    *,
    doubts: tuple[str, ...],
    notes: tuple[str, ...],
) -> ArtefactSchema:
    """Return a schema; an input and an output of the same name become one parameter."""
    found = {each.name: each for each in inputs}
    for each in outputs:
        known = found.get(each.name)
        both = {"direction": Direction.INPUT_OUTPUT}
        found[each.name] = each if known is None else known.model_copy(update=both)
    return ArtefactSchema(
        parameters=tuple(found.values()),
        typed=True,
        notes=(*doubts, *notes),
        complete=not doubts,
    )


def _inputs(spec: JsonObject, config: JsonObject) -> Iterator[Parameter]:
    run_values = object_in(config, "parameterValues")
    definitions = definitions_of(spec, "inputDefinitions")
    for name in filter(is_parameter_name, definitions):
        definition = object_in(definitions, name)
        default = run_values.get(name, definition.get("defaultValue"))
        optional = definition.get("isOptional") is True or default is not None
        yield Parameter(
            name=name,
            data_type=type_of(definition),
            default=None if hints_at_secret(name) else converted(default, definition),
            description=_description(definition),
            required=not optional and not object_in(config, "parameters").get(name),
        )


def _outputs(spec: JsonObject) -> Iterator[Parameter]:
    definitions = definitions_of(spec, "outputDefinitions")
    for name in filter(is_parameter_name, definitions):
        definition = object_in(definitions, name)
        yield Parameter(
            name=name,
            data_type=type_of(definition),
            direction=Direction.OUTPUT,
            description=_description(definition),
        )
    for name in filter(is_parameter_name, definitions_of(spec, "outputDefinitions", "artifacts")):
        yield Parameter(
            name=name, direction=Direction.OUTPUT, description="The address of the artefact."
        )


def _description(definition: JsonObject) -> str | None:
    text = shortened_line(definition.get("description"))
    literals = definition.get("literals")
    if not isinstance(literals, list) or not literals:
        return text
    allowed = shortened_line(f"One of: {', '.join(map(str, literals))}.")
    return f"{text} {allowed}" if text else allowed


def _unread(spec: JsonObject) -> tuple[str, ...]:
    return () if spec else ("the job shows no specification, so its parameters cannot be read",)


def _unusable(spec: JsonObject) -> tuple[str, ...]:
    names = definitions_of(spec, "inputDefinitions")
    return () if all(map(is_parameter_name, names)) else (INVALID_NAME,)


def _notes(spec: JsonObject) -> Iterator[str]:
    for name in definitions_of(spec, "inputDefinitions", "artifacts"):
        shown = shortened_line(name, limit=80)
        yield f"{shown} is an artefact input: each run uses the artefact of the template"
