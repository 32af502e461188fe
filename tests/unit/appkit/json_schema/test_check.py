"""Tests that a schema is refused if a part of it could not be applied."""

from __future__ import annotations

from typing import Any

import pytest

from polysync_core.appkit.json_schema.check import schema_problems
from polysync_core.domain.json_types import JsonObject


def _field(schema: Any) -> JsonObject:
    return {"type": "object", "properties": {"day": schema}}


def _paths(schema: JsonObject) -> list[str]:
    return [problem.path for problem in schema_problems(schema)]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object"},
        {"oneOf": [{"type": "object"}, {"allOf": [{"type": "object"}, {}]}]},
        {"allOf": [{"type": "object"}, {"type": "object"}]},
        {"$ref": "#/$defs/a", "$defs": {"a": {"type": "object"}}},
        {"type": "object", "additionalProperties": {"$ref": "#"}},
        _field({"type": "string", "format": "password"}),
        _field({"type": "string", "format": "anything", "pattern": "^a"}),
        _field({"anyOf": [{"type": "string"}, {"$ref": "#/properties/day/anyOf/0"}]}),
    ],
)
def test_a_schema_of_an_object_is_usable(schema: JsonObject) -> None:
    assert schema_problems(schema) == []


@pytest.mark.parametrize(
    "schema", [{}, {"type": "array"}, {"anyOf": [{"type": "object"}, {"type": "string"}]}]
)
def test_a_schema_must_describe_an_object(schema: JsonObject) -> None:
    [problem] = schema_problems(schema)
    assert '"type" must be "object"' in problem.text


@pytest.mark.parametrize(
    ("schema", "path"),
    [
        ({"type": "object", "properties": 5}, "properties"),
        ({"type": "object", "$schema": "http://json-schema.org/draft-07/schema#"}, "$schema"),
        (_field({"type": "text"}), "properties.day.type"),
        (_field({"pattern": "("}), "properties.day.pattern"),
        (_field({"pattern": r"^(?i:a)$"}), "properties.day.pattern"),
        (_field({"pattern": r"[\w&&\d]"}), "properties.day.pattern"),
        ({"type": "object", "patternProperties": {"(": True}}, "patternProperties"),
        (_field({"type": "string", "format": "even"}), "properties.day.format"),
        (_field({"unevaluatedProperties": False}), "properties.day.unevaluatedProperties"),
        (_field({"type": "string", "nullable": True}), "properties.day.nullable"),
        (_field({"contentEncoding": "binary"}), "properties.day.contentEncoding"),
        (_field({"anyOf": [{"pattern": "["}]}), "properties.day.anyOf.0.pattern"),
        (_field({"$ref": "#/$defs/mistyped"}), "properties.day.$ref"),
        ({"type": "object", "$ref": "https://example.com/schema"}, "$ref"),
        (_field({"items": {"$ref": "other.json"}}), "properties.day.items.$ref"),
    ],
)
def test_a_part_that_cannot_be_applied_is_named(schema: JsonObject, path: str) -> None:
    assert _paths(schema) == [path]


@pytest.mark.parametrize(
    "schema",
    [
        {"type": "object", "$ref": "#"},
        {"type": "object", "allOf": [{"$ref": "#"}]},
        {"type": "object", "not": {"anyOf": [{"$ref": "#"}]}},
        _field({"$ref": "#/properties/day"}),
    ],
)
def test_a_schema_that_refers_to_itself_for_the_same_value_is_refused(schema: JsonObject) -> None:
    assert any("refers to itself" in problem.text for problem in schema_problems(schema))


def test_a_deeply_nested_schema_is_refused() -> None:
    schema: JsonObject = {"type": "string"}
    for _ in range(80):
        schema = {"type": "object", "properties": {"a": schema}}
    assert any("deeper" in problem.text for problem in schema_problems(schema))


def test_a_schema_with_many_paths_to_its_parts_is_checked_at_once() -> None:
    """A plain search would follow 2^50 paths."""
    parts: JsonObject = {
        str(at): {"anyOf": [{"$ref": f"#/$defs/{at + 1}"}, {"$ref": f"#/$defs/{at + 1}"}]}
        for at in range(50)
    }
    schema: JsonObject = {"type": "object", "$ref": "#/$defs/0", "$defs": {**parts, "50": {}}}
    assert schema_problems(schema) == []
