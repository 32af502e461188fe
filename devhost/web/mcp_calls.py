"""Builds the schemas of MCP tools, and calls MCP functions as the Functions extension does.

The lists, the calls and the results follow
https://github.com/Azure/azure-functions-mcp-extension.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterable, Mapping
from typing import Any

from devhost.app.functions import Function
from devhost.app.messages import TypedData
from devhost.app.worker import Failure, FunctionApp

TOOL, RESOURCE, PROMPT = "mcpToolTrigger", "mcpResourceTrigger", "mcpPromptTrigger"
TRIGGERS = frozenset({TOOL, RESOURCE, PROMPT})

_EXPRESSION = re.compile(r"\{[^{}]+\}")


class CallFailed(Exception):
    """The function failed; the log has the exception."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.message)
        self.failure = failure


def by_name(functions: Iterable[Function], kind: str, key: str) -> dict[str, Function]:
    """Return the functions of a trigger by their names for clients."""
    return {str(each.trigger[key]): each for each in functions if each.kind == kind}


def input_schema(function: Function) -> dict[str, Any]:
    """Return the schema of a tool's arguments, from the properties that its trigger declares."""
    properties = _properties(function)
    return {
        "type": "object",
        "properties": {each["propertyName"]: _property_schema(each) for each in properties},
        "required": [each["propertyName"] for each in properties if each.get("isRequired")],
    }


def missing_arguments(function: Function, given: Mapping[str, Any]) -> list[str]:
    """Return the required arguments that a call does not have."""
    return [name for name in input_schema(function)["required"] if given.get(name) is None]


def resource_of(functions: Mapping[str, Function], uri: str) -> Function | None:
    """Return the function of a resource by its address, otherwise by its template."""
    if uri in functions:
        return functions[uri]
    return next((each for of, each in functions.items() if _template(of).fullmatch(uri)), None)


def is_template(uri: str) -> bool:
    """Return whether an address has parts that the client fills in."""
    return _EXPRESSION.search(uri) is not None


def context(headers: Iterable[tuple[str, str]], **values: Any) -> TypedData:
    """Return the input of a function: the values of the client and the request headers."""
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    transport = {"name": "http-streamable", "properties": {"headers": joined}}
    return TypedData(string=json.dumps({**values, "transport": transport}))


async def call(app: FunctionApp, function: Function, value: TypedData) -> str:
    """Call the function and return its text; raises `CallFailed`."""
    outcome = await app.invoke(function, value)
    if outcome.failure is not None:
        raise CallFailed(outcome.failure)
    return "" if outcome.value is None else outcome.value.text


def _properties(function: Function) -> list[dict[str, Any]]:
    return json.loads(function.trigger.get("toolProperties") or "[]")


def _property_schema(declared: Mapping[str, Any]) -> dict[str, Any]:
    kind: dict[str, Any] = {"type": declared["propertyType"]}
    if declared.get("enumValues"):
        kind["enum"] = declared["enumValues"]
    if declared.get("isArray"):
        kind = {"type": "array", "items": kind}
    return {**kind, "description": declared.get("description") or ""}


def _template(uri: str) -> re.Pattern[str]:
    parts = _EXPRESSION.split(uri)
    return re.compile("[^/]+".join(map(re.escape, parts)), re.IGNORECASE)
