"""Tests for applying schemas: bounded work, and the keywords that Zod does not export."""

from __future__ import annotations

import time
from typing import Any

import pytest

from polysync_core.appkit.errors import InvalidParameters
from polysync_core.appkit.json_schema.parse_result import Parsed
from polysync_core.appkit.json_schema.parser import Parser
from polysync_core.appkit.schema import validated
from polysync_core.domain.json_types import JsonObject, JsonValue


def _parsed(schema: Any, value: JsonValue) -> Parsed:
    return Parser(root=schema).settled(schema, value, "params")


def _fits(schema: Any, value: JsonValue) -> bool:
    return not _parsed(schema, value).problems


@pytest.mark.parametrize(
    ("schema", "good", "bad"),
    [
        ({"dependentRequired": {"a": ["b"]}}, {"b": 1}, {"a": 1}),
        ({"dependentSchemas": {"a": {"required": ["b"]}}}, {"a": 1, "b": 2}, {"a": 1}),
        ({"minProperties": 1, "maxProperties": 2}, {"a": 1}, {"a": 1, "b": 2, "c": 3}),
        ({"if": {"required": ["a"]}, "then": {"required": ["b"]}}, {}, {"a": 1}),
        ({"if": {"required": ["a"]}, "else": {"required": ["b"]}}, {"a": 1}, {}),
        ({"not": {"required": ["a"]}}, {}, {"a": 1}),
        ({"uniqueItems": True}, [1, True, "1"], [1, 1.0]),
        ({"uniqueItems": True}, [{"a": 1}, {"a": 2}], [{"a": [1]}, {"a": [1]}]),
        ({"contains": {"type": "string"}}, [1, "x"], [1]),
        ({"contains": {"type": "string"}, "maxContains": 1}, ["x"], ["x", "y"]),
        ({"type": ["string", "null"]}, None, 1),
        ({"properties": {"a": False}}, {}, {"a": 1}),
        ({"type": "number"}, 1e308, 10**400),
        ({"type": "number"}, 1, float("inf")),
        ({"enum": [{"a": 1}]}, {"a": 1.0}, {"a": True}),
    ],
)
def test_a_keyword_separates_values(schema: Any, good: JsonValue, bad: JsonValue) -> None:
    assert _fits(schema, good)
    assert not _fits(schema, bad)


def test_alternatives_beside_fields_keep_the_fields_of_all_that_fit() -> None:
    schema = {
        "type": "object",
        "properties": {"day": {"type": "string"}},
        "anyOf": [{"properties": {"a": {}}}, {"properties": {"b": {}}}],
    }
    given: JsonObject = {"day": "x", "a": 1, "b": 2, "c": 3}
    assert _parsed(schema, given).value == {"day": "x", "a": 1, "b": 2}


def test_the_given_value_is_not_changed() -> None:
    schema = {"type": "object", "properties": {"a": {"properties": {"b": {"default": 1}}}}}
    given: JsonObject = {"a": {"c": 2}}
    assert _parsed(schema, given).value == {"a": {"b": 1}}
    assert given == {"a": {"c": 2}}


def test_nested_alternatives_do_not_multiply_the_work() -> None:
    """A plain search would try two alternatives at each level: 2^39 attempts."""
    node: JsonObject = {
        "anyOf": [
            {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "required": ["x"]},
            {"type": "object", "properties": {"next": {"$ref": "#/$defs/node"}}, "required": ["y"]},
        ]
    }
    schema: JsonObject = {"$ref": "#/$defs/node", "$defs": {"node": node}}
    value: JsonObject = {"y": 1}
    for _ in range(39):
        value = {"next": value, "y": 1}
    begin = time.thread_time()
    assert _fits(schema, value)
    assert time.thread_time() - begin < 1


def test_an_endless_reference_ends_with_a_problem() -> None:
    """The start check refuses such a schema, and a program may skip that check."""
    [problem] = _parsed({"type": "object", "$ref": "#"}, {}).problems
    assert "refers to itself" in problem.text


@pytest.mark.slow
def test_a_long_list_is_compared_in_linear_time() -> None:
    schema: JsonObject = {"uniqueItems": True}
    begin = time.thread_time()
    assert _fits(schema, [*range(50_000)])
    assert not _fits(schema, [*range(50_000), 7.0])
    assert time.thread_time() - begin < 3


def test_a_value_that_is_too_deep_for_the_schema_is_refused() -> None:
    schema: JsonObject = {"$ref": "#/$defs/0"}
    parts: JsonObject = {str(at): {"anyOf": [{"$ref": f"#/$defs/{at + 1}"}]} for at in range(20)}
    parts["20"] = {"type": "object", "properties": {"a": {"$ref": "#/$defs/0"}}}
    value: JsonObject = {}
    for _ in range(39):
        value = {"a": value}
    with pytest.raises(InvalidParameters, match="nested too deeply"):
        validated({**schema, "$defs": parts}, value)
