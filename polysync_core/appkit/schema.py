"""Validates run parameters against a pydantic model or a JSON Schema."""

from __future__ import annotations

from pydantic import BaseModel, ValidationError

from polysync_core.appkit.errors import InvalidParameters
from polysync_core.appkit.json_schema.parser import Parser
from polysync_core.appkit.named_jobs import Schema, UnknownFields
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject

_INVALID = "Invalid job parameters"
_PARAMS = "params"


def validated(
    schema: Schema, params: JsonObject | None, unknown_fields: UnknownFields = UnknownFields.REFUSE
) -> JsonObject:
    """Return the parameters with defaults and without unnamed fields.

    Raises `InvalidParameters`. A schema may also forbid or allow unnamed fields.
    """
    given: JsonObject = params or {}
    if isinstance(schema, dict):
        return _by_json_schema(schema, given, unknown_fields)
    return _by_model(schema, given)


def _by_model(model: type[BaseModel], given: JsonObject) -> JsonObject:
    problems: list[Problem] = []
    try:
        return _fields_of(model.model_validate(given))
    except ValidationError as error:
        for found in error.errors(include_url=False, include_context=False, include_input=False):
            path = ".".join(str(part) for part in (_PARAMS, *found["loc"]))
            problems.append(Problem(path, found["msg"]))
    raise InvalidParameters(_INVALID, problems)


def _fields_of(instance: BaseModel) -> JsonObject:
    fields = type(instance).model_fields
    # An absent field without a default stays absent and is not sent as null.
    absent = {
        name
        for name in fields
        if name not in instance.model_fields_set and getattr(instance, name) is None
    }
    return instance.model_dump(mode="json", by_alias=True, exclude=absent)


def _by_json_schema(
    schema: JsonObject, given: JsonObject, unknown_fields: UnknownFields
) -> JsonObject:
    parser = Parser(root=schema, drop_unknown=unknown_fields is UnknownFields.DROP)
    try:
        found = parser.settled(schema, given, _PARAMS)
    except RecursionError:
        problem = Problem(_PARAMS, "are nested too deeply for this schema")
        raise InvalidParameters(_INVALID, [problem]) from None
    if found.problems:
        raise InvalidParameters(_INVALID, found.problems)
    # The schema describes an object, which `schema_problems` has checked.
    return found.value if isinstance(found.value, dict) else given
