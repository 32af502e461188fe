"""Defines the tools, resources and prompts of an MCP server.

The lists, the calls and the results follow
https://github.com/Azure/azure-functions-mcp-extension.
"""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

_EXPRESSION = re.compile(r"\{[^{}]+\}")

type Call = Callable[[str], Awaitable[str]]
"""Takes the context of a call as JSON, and returns the result; may raise `CallFailed`."""


class CallFailed(Exception):
    """A call ended with an unexpected error; `trace` is its stack trace, for the log."""

    def __init__(self, message: str, trace: str) -> None:
        super().__init__(message)
        self.trace = trace


@dataclass(frozen=True, slots=True, kw_only=True)
class McpServerInfo:
    """The description of the server for MCP clients."""

    name: str = "Azure Functions MCP server"
    version: str = "1.0.0"
    instructions: str | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class McpTool:
    """A function that a model can call."""

    name: str
    description: str | None
    properties: Sequence[Mapping[str, Any]]
    """The arguments in the format of the MCP extension."""
    call: Call
    returns_envelope: bool = True
    """True if the result is an MCP result in the extension's envelope, and not a plain text."""

    @property
    def input_schema(self) -> dict[str, Any]:
        """The JSON schema of the arguments."""
        return {
            "type": "object",
            "properties": {each["propertyName"]: _schema(each) for each in self.properties},
            "required": [
                each["propertyName"] for each in self.properties if each.get("isRequired")
            ],
        }

    def missing(self, arguments: Mapping[str, Any]) -> list[str]:
        """Return the required arguments that a call does not have."""
        return [name for name in self.input_schema["required"] if arguments.get(name) is None]


@dataclass(frozen=True, slots=True, kw_only=True)
class McpResource:
    """A text with an address or an address template."""

    uri: str
    name: str
    title: str | None
    description: str | None
    mime_type: str | None
    call: Call

    @property
    def is_template(self) -> bool:
        """True if the client fills in parts of the address."""
        return _EXPRESSION.search(self.uri) is not None

    def matches(self, uri: str) -> bool:
        """Return whether an address fits the template."""
        parts = _EXPRESSION.split(self.uri)
        pattern = "[^/]+".join(map(re.escape, parts))
        return re.fullmatch(pattern, uri, re.IGNORECASE) is not None


@dataclass(frozen=True, slots=True, kw_only=True)
class McpPrompt:
    """A named instruction that a person starts."""

    name: str
    title: str | None
    description: str | None
    arguments: Sequence[Mapping[str, Any]]
    call: Call


@dataclass(frozen=True, slots=True, kw_only=True)
class Catalogue:
    """Everything that a server offers."""

    tools: Sequence[McpTool] = ()
    resources: Sequence[McpResource] = ()
    prompts: Sequence[McpPrompt] = ()

    def tool(self, name: str) -> McpTool | None:
        """Return the tool of a name."""
        return next((each for each in self.tools if each.name == name), None)

    def prompt(self, name: str) -> McpPrompt | None:
        """Return the prompt of a name."""
        return next((each for each in self.prompts if each.name == name), None)

    def resource(self, uri: str) -> McpResource | None:
        """Return the resource with this address, otherwise one whose template fits."""
        exact = (each for each in self.resources if each.uri == uri)
        fitting = (each for each in self.resources if each.matches(uri))
        return next(exact, None) or next(fitting, None)


def context(headers: Iterable[tuple[str, str]], **values: Any) -> str:
    """Return the input of a call: the values of the client and the headers of its request."""
    joined: dict[str, str] = {}
    for name, value in headers:
        joined[name] = f"{joined[name]},{value}" if name in joined else value
    transport = {"name": "http-streamable", "properties": {"headers": joined}}
    return json.dumps({**values, "transport": transport})


def _schema(declared: Mapping[str, Any]) -> dict[str, Any]:
    kind: dict[str, Any] = {"type": declared["propertyType"]}
    if declared.get("enumValues"):
        kind["enum"] = declared["enumValues"]
    if declared.get("isArray"):
        kind = {"type": "array", "items": kind}
    return {**kind, "description": declared.get("description") or ""}
