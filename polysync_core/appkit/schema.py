"""Judging parameters by a schema: a pydantic model, or a JSON Schema (draft 2020-12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ValidationError

from polysync_core.appkit.errors import ParametersRefused
from polysync_core.appkit.keys import Schema
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

_REFUSED = "Invalid job parameters"
_OPEN = frozenset({"additionalProperties", "patternProperties", "unevaluatedProperties"})
"""Keywords by which a JSON Schema itself says what becomes of fields that it does not name."""
_REFERENCES = frozenset({"$ref", "$dynamicRef"})
_LISTS = ("allOf", "anyOf", "oneOf")
_CONDITIONS = ("if", "then", "else")


def accepted(schema: Schema, params: JsonObject | None) -> JsonObject:
    """Return the parameters with defaults, without fields the schema does not name.

    Raises `ParametersRefused`. A schema that forbids or allows further fields has its way.
    """
    given: JsonObject = params or {}
    if isinstance(schema, dict):
        return _by_json_schema(schema, given)
    return _by_model(schema, given)


def schema_problem(schema: JsonObject) -> str | None:
    """Say what makes a JSON Schema unusable; None where it is fine."""
    from jsonschema import Draft202012Validator
    from jsonschema.exceptions import SchemaError

    try:
        Draft202012Validator.check_schema(schema)
    except SchemaError as error:
        return f"{error.json_path}: {error.message}"
    if schema.get("type") != "object":
        return '"type" must be "object"'
    return _reference_problem(schema)


def _reference_problem(schema: JsonObject) -> str | None:
    from referencing import Registry
    from referencing.exceptions import Unresolvable
    from referencing.jsonschema import DRAFT202012

    def lost(part: Any, resolver: Any) -> str | None:
        contents = part.contents
        for name in _REFERENCES & contents.keys() if isinstance(contents, dict) else ():
            try:
                resolver.lookup(contents[name])
            except Unresolvable:
                return f"{name} '{contents[name]}' leads nowhere in it"
        parts = part.subresources()
        return next(
            filter(None, (lost(each, resolver.in_subresource(each)) for each in parts)), None
        )

    whole = DRAFT202012.create_resource(cast("Any", schema))
    nothing: Registry[Any] = Registry()
    return lost(whole, nothing.resolver_with_root(whole))


def _by_model(model: type[BaseModel], given: JsonObject) -> JsonObject:
    problems: list[Problem] = []
    try:
        return _dumped(model.model_validate(given))
    except ValidationError as error:
        for found in error.errors(include_url=False, include_context=False, include_input=False):
            path = ".".join(str(part) for part in ("params", *found["loc"]))
            problems.append(Problem(path, found["msg"]))
    raise ParametersRefused(_REFUSED, problems)


def _dumped(checked: BaseModel) -> JsonObject:
    fields = type(checked).model_fields
    # What was left out and has no value to stand in for it stays out, and is not sent as null.
    absent = {
        name
        for name in fields
        if name not in checked.model_fields_set and getattr(checked, name) is None
    }
    return checked.model_dump(mode="json", by_alias=True, exclude=absent)


def _by_json_schema(schema: JsonObject, given: JsonObject) -> JsonObject:
    properties = schema.get("properties")
    named: JsonObject = properties if isinstance(properties, dict) else {}
    defaults: JsonObject = {
        name: of["default"]
        for name, of in named.items()
        if isinstance(of, dict) and "default" in of
    }
    params = {**defaults, **given}
    known = _named(schema)
    if known:
        params = {name: value for name, value in params.items() if name in known}
    problems = [
        # The message of the library quotes the value, which may be nobody else's business.
        Problem(_path(error.absolute_path), f"breaks the rule '{error.validator}' of the schema")
        for error in cast("Any", _validator(schema)).iter_errors(params)
    ]
    if problems:
        raise ParametersRefused(_REFUSED, problems)
    return params


def _named(schema: JsonValue) -> set[str] | None:
    """Return the fields that a schema and its parts name; None where others may be meant too."""
    if not isinstance(schema, dict):
        return set()
    if (_OPEN | _REFERENCES) & schema.keys():
        return None
    properties, dependent = schema.get("properties"), schema.get("dependentSchemas")
    named = set(properties) if isinstance(properties, dict) else set[str]()
    parts: list[JsonValue] = [schema[name] for name in _CONDITIONS if name in schema]
    for name in _LISTS:
        found = schema.get(name)
        parts += found if isinstance(found, list) else []
    parts += dependent.values() if isinstance(dependent, dict) else []
    for part in parts:
        more = _named(part)
        if more is None:
            return None
        named |= more
    return named


def _validator(schema: JsonObject) -> Draft202012Validator:
    # Costs start-up time, which only jobs with such a schema pay.
    from jsonschema import Draft202012Validator
    from referencing import Registry

    # An empty registry: a reference to another document is never fetched.
    nothing: Registry[Any] = Registry()
    return Draft202012Validator(schema, registry=nothing)


def _path(parts: Any) -> str:
    return ".".join(str(part) for part in ("params", *parts))
