"""Calls of MCP functions as the extension of the Functions host makes them."""

from __future__ import annotations

import json
from typing import Any

import pytest

from devhost.app.functions import Function
from devhost.web.mcp_calls import (
    TOOL,
    by_name,
    context,
    input_schema,
    is_template,
    missing_arguments,
    resource_of,
)

PROPERTIES = [
    {"propertyName": "a", "propertyType": "string", "isRequired": True, "description": "An a."},
    {"propertyName": "b", "propertyType": "integer", "isArray": True},
    {"propertyName": "c", "propertyType": "string", "enumValues": ["x", "y"]},
]


def _function(**trigger: Any) -> Function:
    return Function(id="1", name="f", trigger={"type": TOOL, "name": "context", **trigger})


def test_a_tools_properties_become_its_schema() -> None:
    assert input_schema(_function(toolProperties=json.dumps(PROPERTIES))) == {
        "type": "object",
        "properties": {
            "a": {"type": "string", "description": "An a."},
            "b": {"type": "array", "items": {"type": "integer"}, "description": ""},
            "c": {"type": "string", "enum": ["x", "y"], "description": ""},
        },
        "required": ["a"],
    }


def test_a_tool_without_properties_takes_no_arguments() -> None:
    assert input_schema(_function())["properties"] == {}


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        pytest.param({}, ["a"], id="left out"),
        pytest.param({"a": None}, ["a"], id="null"),
        pytest.param({"a": 7, "z": 1}, [], id="of another type, and one too many"),
    ],
)
def test_missing_arguments_are_found(given: dict[str, Any], missing: list[str]) -> None:
    assert missing_arguments(_function(toolProperties=json.dumps(PROPERTIES)), given) == missing


@pytest.mark.parametrize(
    ("uri", "found"),
    [
        pytest.param("x://all", "x://all", id="the address itself"),
        pytest.param("x://runs/r1", "x://runs/{id}", id="filled in"),
        pytest.param("X://RUNS/r1", "x://runs/{id}", id="in other letters"),
        pytest.param("x://runs/r1/more", None, id="more parts"),
        pytest.param("x://runs/", None, id="nothing filled in"),
        pytest.param("y://all", None, id="another"),
    ],
)
def test_a_resource_is_found_by_its_address_or_template(uri: str, found: str | None) -> None:
    functions = {each: _function(uri=each) for each in ("x://all", "x://runs/{id}")}
    function = resource_of(functions, uri)

    assert (function.trigger["uri"] if function else None) == found
    assert [is_template(each) for each in functions] == [False, True]


def test_functions_are_found_by_their_names_for_clients() -> None:
    other = Function(id="2", name="g", trigger={"type": "timerTrigger", "name": "timer"})

    assert list(by_name([_function(toolName="t"), other], TOOL, "toolName")) == ["t"]


def test_a_call_passes_the_headers_of_its_request() -> None:
    sent = context([("host", "h"), ("x-a", "1"), ("x-a", "2")], name="t", arguments={"a": 1})

    assert json.loads(sent.text) == {
        "name": "t",
        "arguments": {"a": 1},
        "transport": {
            "name": "http-streamable",
            "properties": {"headers": {"host": "h", "x-a": "1,2"}},
        },
    }
