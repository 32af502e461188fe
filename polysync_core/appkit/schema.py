"""Validates parameters against a pydantic model or a JSON Schema (draft 2020-12)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from pydantic import BaseModel, ValidationError

from polysync_core.appkit.errors import InvalidParameters
from polysync_core.appkit.named_jobs import Schema
from polysync_core.domain.errors import Problem
from polysync_core.domain.json_types import JsonObject, JsonValue

if TYPE_CHECKING:
    from jsonschema import Draft202012Validator

_INVALID = "Invalid job parameters"
_OPEN = frozenset({"additionalProperties", "patternProperties", "unevaluatedProperties"})
"""Keywords with which a JSON Schema itself decides on unnamed fields."""
_REFERENCES = frozenset({"$ref", "$dynamicRef"})
_SUBSCHEMA_LISTS = ("allOf", "anyOf", "oneOf")
_SUBSCHEMAS = ("if", "then", "else")


def validated(schema: Schema, params: JsonObject | None) -> JsonObject:
    """Return the parameters with defaults and without unnamed fields.

    Raises `InvalidParameters`. A schema may also forbid or allow unnamed fields.
    """
    given: JsonObject = params or {}
    if isinstance(schema, dict):
        return _by_json_schema(schema, given)
    return _by_model(schema, given)


def schema_problem(schema: JsonObject) -> str | None:
    """Return the reason why a JSON Schema is unusable; None if it is usable."""
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

    def unresolved(part: Any, resolver: Any) -> str | None:
        contents = part.contents
        for name in _REFERENCES & contents.keys() if isinstance(contents, dict) else ():
            try:
                resolver.lookup(contents[name])
            except Unresolvable:
                return f"{name} '{contents[name]}' does not resolve within the schema"
        problems = (unresolved(each, resolver.in_subresource(each)) for each in part.subresources())
        return next(filter(None, problems), None)

    whole = DRAFT202012.create_resource(cast("Any", schema))
    empty: Registry[Any] = Registry()
    return unresolved(whole, empty.resolver_with_root(whole))


def _by_model(model: type[BaseModel], given: JsonObject) -> JsonObject:
    problems: list[Problem] = []
    try:
        return _fields_of(model.model_validate(given))
    except ValidationError as error:
        for found in error.errors(include_url=False, include_context=False, include_input=False):
            path = ".".join(str(part) for part in ("params", *found["loc"]))
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
        # The message of the library would quote the value, which may be confidential.
        Problem(_path(error.absolute_path), f"breaks the rule '{error.validator}' of the schema")
        for error in cast("Any", _validator(schema)).iter_errors(params)
    ]
    if problems:
        raise InvalidParameters(_INVALID, problems)
    return params


def _named(schema: JsonValue) -> set[str] | None:
    """Return the fields that a schema names; None if it allows unnamed fields."""
    if not isinstance(schema, dict):
        return set()
    if (_OPEN | _REFERENCES) & schema.keys():
        return None
    properties, dependent = schema.get("properties"), schema.get("dependentSchemas")
    named = set(properties) if isinstance(properties, dict) else set[str]()
    parts: list[JsonValue] = [schema[name] for name in _SUBSCHEMAS if name in schema]
    for name in _SUBSCHEMA_LISTS:
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
    # These imports cost start-up time, so only jobs with a JSON Schema need them.
    from jsonschema import Draft202012Validator
    from referencing import Registry

    # With an empty registry the validator never fetches another document.
    empty: Registry[Any] = Registry()
    return Draft202012Validator(schema, registry=empty)


def _path(parts: Any) -> str:
    return ".".join(str(part) for part in ("params", *parts))
