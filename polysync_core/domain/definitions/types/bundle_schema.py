"""Adds bundle keys and variables to the JSON Schema of definition documents."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from polysync_core.domain.bundles.variable_types import VariableType
from polysync_core.domain.definitions.base import NAME_PATTERN, Kind

_NAME = "Variable"
_REFERENCE = {"$ref": f"#/$defs/{_NAME}"}
_VARIABLE = {
    "description": "A variable of the bundle, such as ${var.workspace_url}.",
    "type": "string",
    "pattern": r"\$\{var\.[A-Za-z_][A-Za-z0-9_]*\}",
}
_ALTERNATIVES = ("anyOf", "oneOf")
_TEXTS = ("description", "default", "examples")

type _Schema = dict[str, Any]


def bundle_keys() -> _Schema:
    """Return the schemas of the keys that only the command line reads."""
    return {
        "bundle": {
            "description": "The name of the bundle, which owns its definitions.",
            "anyOf": [
                {"type": "string", "pattern": NAME_PATTERN},
                {
                    "type": "object",
                    "properties": {"name": {"type": "string", "pattern": NAME_PATTERN}},
                    "required": ["name"],
                    "additionalProperties": False,
                },
            ],
        },
        "variables": {
            "description": "The variables by name: a default value, or an object.",
            "type": "object",
            "additionalProperties": {
                "if": {"type": "object"},
                "then": {
                    "properties": {
                        "type": {"enum": [*VariableType]},
                        "default": True,
                        "description": {"type": "string"},
                    },
                    "additionalProperties": False,
                },
            },
        },
        "targets": {
            "description": "The targets by name, such as dev and prod.",
            "type": "object",
            "additionalProperties": _target(),
        },
    }


def with_variables(defs: Mapping[str, _Schema]) -> dict[str, _Schema]:
    """Return definitions of a schema in which a variable may be a value."""
    found = {name: _inside(schema) for name, schema in defs.items()}
    return {**found, _NAME: _VARIABLE}


def _target() -> _Schema:
    changed = {
        "type": "array",
        "items": {
            "type": "object",
            "properties": {"name": {"type": "string"}},
            "required": ["name"],
        },
    }
    return {
        "type": ["object", "null"],
        "properties": {
            "default": {"description": "True for the default target.", "type": "boolean"},
            "variables": {"description": "The values of variables.", "type": "object"},
            **{
                kind.value: {"description": "The changed definitions, by name.", **changed}
                for kind in Kind
            },
        },
        "additionalProperties": False,
    }


def _inside(schema: Any) -> Any:
    """Return a schema whose inner values accept a variable; conditions stay as they are."""
    if isinstance(schema, list):
        return [_inside(each) for each in cast("list[Any]", schema)]
    if not isinstance(schema, dict):
        return schema
    content = cast("_Schema", schema)
    result: _Schema = {}
    for key, value in content.items():
        if key == "properties":
            result[key] = {name: _open(each) for name, each in value.items()}
        elif key in {"items", "additionalProperties"}:
            result[key] = _open(value)
        elif key == "if":
            result[key] = value
        else:
            result[key] = _inside(value)
    return result


def _open(schema: Any) -> Any:
    """Return the schema of a value, which may also be a variable."""
    if not isinstance(schema, dict):
        return schema
    content = cast("_Schema", _inside(schema))
    if not _is_restricted(content):
        return content
    for key in _ALTERNATIVES:
        if key in content:
            return {**content, key: [*content[key], _REFERENCE]}
    texts = {key: content[key] for key in _TEXTS if key in content}
    rest = {key: value for key, value in content.items() if key not in texts}
    return {**texts, "anyOf": [rest, _REFERENCE]}


def _is_restricted(schema: _Schema) -> bool:
    """Return whether a schema refuses some texts."""
    if "$ref" in schema:
        return True
    for key in _ALTERNATIVES:
        if key in schema:
            return any(_is_restricted(each) for each in schema[key])
    types = schema.get("type")
    names: set[Any] = set(cast("list[Any]", types)) if isinstance(types, list) else {types}
    if types is None:
        return "enum" in schema
    return "string" not in names or "pattern" in schema or "enum" in schema
