"""Generates polysync/models.py, the Python client's models, from the OpenAPI document.

python -m scripts.client_models
"""

from __future__ import annotations

import keyword
import re
import subprocess
import sys
import textwrap
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from pydantic import BaseModel
from pydantic.alias_generators import to_camel, to_snake

from scripts.api_reference import api

MODULE = Path(__file__).parents[1] / "polysync" / "models.py"
_REF = "#/components/schemas/"
_LEFT_OUT = re.compile(r"(Body|Patch|Request|Document|View)$|^JsonValue|Page$")
"""Bodies are arguments of methods, and pages are read by the iterators."""
_RENAMED = {"remark": "note"}
"""Fields of the API with another name in Python, where the project calls them so."""
_HEADER = '''\
"""Defines the pydantic models of API responses and definitions for the Python client.

`python -m scripts.client_models` generates this module from the OpenAPI document. A model keeps the
fields that it does not know, so that the client works with a newer host.
"""

from __future__ import annotations

from datetime import date, datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field
from pydantic.alias_generators import to_camel


class Model(BaseModel):
    """The base of all models: snake_case in Python, camelCase in JSON."""

    model_config = ConfigDict(
        alias_generator=to_camel,
        populate_by_name=True,
        extra="allow",
        protected_namespaces=(),
        defer_build=True,
    )
'''


def module(document: Mapping[str, Any]) -> str:
    """Return the text of the module."""
    schemas = document["components"]["schemas"]
    chosen = {name: each for name, each in schemas.items() if not _LEFT_OUT.search(name)}
    reached = _Reached(chosen)
    parts = [_HEADER]
    parts += [_alias(name, chosen[name]) for name in sorted(chosen) if "enum" in chosen[name]]
    parts += [reached.model(name) for name in sorted(chosen) if "properties" in chosen[name]]
    return _formatted("\n\n".join(parts))


class _Reached:
    """Writes models whose fields refer to the chosen schemas."""

    def __init__(self, schemas: Mapping[str, Any]) -> None:
        self._schemas = schemas

    def model(self, name: str) -> str:
        schema = self._schemas[name]
        required = set(schema.get("required", ()))
        lines = [f"class {_class(name)}(Model):", *_docstring(schema.get("description"), name)]
        for field, each in schema["properties"].items():
            lines += ["", *self._field(field, each, is_required=field in required)]
        return "\n".join(lines) + "\n"

    def _field(self, name: str, schema: Mapping[str, Any], *, is_required: bool) -> Iterator[str]:
        attribute, annotation = _attribute(name), self.annotation(schema)
        explicit = f'alias="{name}"' if to_camel(attribute) != name else ""
        if is_required:
            value = f" = Field({explicit})" if explicit else ""
        else:
            annotation = _optional(annotation)
            value = f" = Field(default=None, {explicit})" if explicit else " = None"
        yield f"    {attribute}: {annotation}{value}"
        description = schema.get("description")
        if description:
            yield from _docstring(description, name)

    def annotation(self, schema: Mapping[str, Any]) -> str:
        """Return the type of a value."""
        if "$ref" in schema:
            return self._reference(schema["$ref"].removeprefix(_REF))
        for several in ("anyOf", "oneOf", "allOf"):
            if several in schema:
                types = dict.fromkeys(map(self.annotation, schema[several]))
                return "Any" if "Any" in types else " | ".join(types)
        if "enum" in schema:
            return _literal(schema["enum"])
        if "const" in schema:
            return _literal([schema["const"]])
        return self._plain(schema)

    def _reference(self, name: str) -> str:
        target = self._schemas.get(name)
        if target is None:
            return "Any"
        if "properties" in target or "enum" in target:
            return _class(name)
        return self.annotation(target)

    def _plain(self, schema: Mapping[str, Any]) -> str:
        match schema.get("type"):
            case "array":
                return f"list[{self.annotation(schema.get('items', {}))}]"
            case "object":
                inner = schema.get("additionalProperties")
                value = self.annotation(inner) if isinstance(inner, dict) else "Any"
                return f"dict[str, {value}]"
            case "string":
                named = {"date-time": "datetime", "date": "date"}
                return named.get(schema.get("format", ""), "str")
            case "integer":
                return "int"
            case "number":
                return "float"
            case "boolean":
                return "bool"
            case "null":
                return "None"
            case _:
                return "Any"


def _alias(name: str, schema: Mapping[str, Any]) -> str:
    doc = "\n".join(_docstring(schema.get("description"), name)).replace("    ", "", 1)
    return f"type {_class(name)} = {_literal(schema['enum'])}\n{doc}\n"


def _literal(values: list[Any]) -> str:
    """Return the known values; a newer host may send others."""
    texts = ", ".join(repr(each) for each in values)
    is_text = all(isinstance(each, str) for each in values)
    return f"Literal[{texts}] | str" if is_text else f"Literal[{texts}]"


def _optional(annotation: str) -> str:
    is_optional = annotation == "Any" or annotation.endswith("None")
    return annotation if is_optional else f"{annotation} | None"


def _class(name: str) -> str:
    return re.sub(r"_(\w+?)View_$|_$", r"Of\1", name).replace("_", "")


def _attribute(name: str) -> str:
    snake = _RENAMED.get(name) or to_snake(name)
    is_taken = keyword.iskeyword(snake) or hasattr(BaseModel, snake)
    return f"{snake}_" if is_taken else snake


def _docstring(description: str | None, name: str) -> list[str]:
    text = " ".join((description or f"The schema `{name}` of the API.").split())
    lines = textwrap.wrap(text.replace("\\", "\\\\"), 90)
    if len(lines) == 1:
        return [f'    """{lines[0]}"""']
    return [f'    """{lines[0]}', *(f"    {each}" for each in lines[1:]), '    """']


def _formatted(text: str) -> str:
    command = [sys.executable, "-m", "ruff", "format", "--stdin-filename", str(MODULE), "-"]
    return subprocess.run(  # noqa: S603 - a fixed command
        command, input=text, capture_output=True, text=True, check=True
    ).stdout


if __name__ == "__main__":
    MODULE.write_text(module(api().openapi()), encoding="utf-8")
