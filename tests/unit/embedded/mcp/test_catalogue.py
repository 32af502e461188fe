"""The catalogue of an MCP server: schemas, addresses and the context of a call."""

from __future__ import annotations

import asyncio
import json
from pathlib import Path
from typing import Any

import pytest

from devhost.web.mcp_calls import tool
from polysync_embedded.mcp.catalogue import Catalogue, McpResource, McpTool, context
from polysync_embedded.mcp.own_functions import own_functions

SCHEMAS = Path(__file__).parents[2] / "mcp" / "schemas.json"
PROPERTIES = [
    {"propertyName": "a", "propertyType": "string", "isRequired": True, "description": "An a."},
    {"propertyName": "b", "propertyType": "integer", "isArray": True},
    {"propertyName": "c", "propertyType": "string", "enumValues": ["x", "y"]},
]


async def _no_call(_context: str) -> str:
    return ""


def _tool(**trigger: Any) -> McpTool:
    return tool({"toolName": "t", **trigger}, _no_call)


def test_a_tools_properties_become_its_schema() -> None:
    assert _tool(toolProperties=json.dumps(PROPERTIES)).input_schema == {
        "type": "object",
        "properties": {
            "a": {"type": "string", "description": "An a."},
            "b": {"type": "array", "items": {"type": "integer"}, "description": ""},
            "c": {"type": "string", "enum": ["x", "y"], "description": ""},
        },
        "required": ["a"],
    }


def test_a_tool_without_properties_takes_no_arguments() -> None:
    assert _tool().input_schema["properties"] == {}


@pytest.mark.parametrize(
    ("given", "missing"),
    [
        pytest.param({}, ["a"], id="left out"),
        pytest.param({"a": None}, ["a"], id="null"),
        pytest.param({"a": 7, "z": 1}, [], id="of another type, and one too many"),
    ],
)
def test_missing_arguments_are_found(given: dict[str, Any], missing: list[str]) -> None:
    assert _tool(toolProperties=json.dumps(PROPERTIES)).missing(given) == missing


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
    resources = [
        McpResource(uri=each, name="n", title=None, description=None, mime_type=None, call=_no_call)
        for each in ("x://all", "x://runs/{id}")
    ]
    resource = Catalogue(resources=resources).resource(uri)

    assert (resource.uri if resource else None) == found
    assert [each.is_template for each in resources] == [False, True]


def test_a_call_passes_the_headers_of_its_request() -> None:
    sent = context([("host", "h"), ("x-a", "1"), ("x-a", "2")], name="t", arguments={"a": 1})

    assert json.loads(sent) == {
        "name": "t",
        "arguments": {"a": 1},
        "transport": {
            "name": "http-streamable",
            "properties": {"headers": {"host": "h", "x-a": "1,2"}},
        },
    }


def test_the_product_offers_the_reviewed_tools_and_its_prompts() -> None:
    async def api(*_: object) -> None:
        raise AssertionError

    catalogue = own_functions(api, {})
    reviewed = json.loads(SCHEMAS.read_text())

    assert {each.name: each.input_schema for each in catalogue.tools} == {
        name: each["inputSchema"] for name, each in reviewed.items()
    }
    prompt = catalogue.prompt("move_pipeline_here")
    assert prompt is not None
    filled = asyncio.run(prompt.call(context([], name="", arguments={"platform": "p"})))
    assert '"p"' in filled
