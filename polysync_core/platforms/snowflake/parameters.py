"""Reads the arguments of a procedure from its signature, and binds values to them.

A signature looks like `(DAY DATE, ROWS NUMBER DEFAULT 10)`.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass

from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.platforms.connector import ArtefactSchema
from polysync_core.platforms.snowflake.external_id import argument_name, split_list
from polysync_core.platforms.values import INVALID_NAME, is_parameter_name

_ENTRY = re.compile(
    r'(?P<name>"(?:[^"]|"")*"|[^\s"]+) +(?P<type>[A-Za-z][A-Za-z0-9_]*)(?:\([^()]*\))?'
    r"(?: +(?P<default>DEFAULT\b.*))?",
    re.IGNORECASE | re.DOTALL,
)
_TYPES: Mapping[str, DataType] = {
    **dict.fromkeys(("INT", "INTEGER", "BIGINT", "SMALLINT", "TINYINT", "BYTEINT"), DataType.INT),
    **dict.fromkeys(("NUMBER", "DECIMAL", "NUMERIC"), DataType.INT),
    **dict.fromkeys(("FLOAT", "FLOAT4", "FLOAT8", "DOUBLE", "REAL"), DataType.FLOAT),
    "BOOLEAN": DataType.BOOL,
    **dict.fromkeys(("VARIANT", "OBJECT", "MAP"), DataType.JSON),
    **dict.fromkeys(("ARRAY", "VECTOR"), DataType.JSON_ARRAY),
}
"""The data types by the types of Snowflake; every other type takes a text."""
_MAY_BE_DECIMAL = frozenset({"NUMBER", "DECIMAL", "NUMERIC"})


@dataclass(frozen=True, slots=True)
class Argument:
    """One argument in the signature of a procedure."""

    name: str
    kind: str
    """The type without precision, in capital letters."""
    has_default: bool


def arguments_of(signature: str) -> list[Argument]:
    """Return the arguments in a signature; an entry that cannot be read has no name."""
    text = signature.strip().removeprefix("(").removesuffix(")")
    return [_argument(entry) for entry in split_list(text)]


def schema_of(signature: str) -> ArtefactSchema:
    """Return the parameters in the signature of a procedure."""
    arguments = arguments_of(signature)
    named = [each for each in arguments if is_parameter_name(each.name)]
    return ArtefactSchema(
        parameters=tuple(
            Parameter(
                name=each.name,
                data_type=_TYPES.get(each.kind, DataType.STRING),
                required=not each.has_default,
            )
            for each in named
        ),
        typed=True,
        # A signature does not tell the scale of a number.
        guessed=frozenset(each.name for each in named if each.kind in _MAY_BE_DECIMAL),
        notes=(INVALID_NAME,) if len(named) < len(arguments) else (),
    )


def _argument(entry: str) -> Argument:
    found = _ENTRY.fullmatch(entry)
    if found is None:
        return Argument("", "", False)
    return Argument(_shown(found["name"]), found["type"].upper(), found["default"] is not None)


def bound_arguments(values: JsonObject) -> Iterator[tuple[str, str, str]]:
    """Yield each argument of the call with the type and the text of its binding.

    The types of bindings: https://docs.snowflake.com/en/developer-guide/sql-api/submitting-requests
    """
    for name, value in values.items():
        kind, text, placeholder = _bound(value)
        yield f"{argument_name(name)} => {placeholder}", kind, text


def _bound(value: JsonValue) -> tuple[str, str, str]:
    """Return the type of a binding, its text, and the placeholder in the statement."""
    match value:
        case bool():
            return "BOOLEAN", "true" if value else "false", "?"
        case int():
            return "FIXED", str(value), "?"
        case float():
            return "REAL", repr(value), "?"
        case str():
            return "TEXT", value, "?"
        case _:
            return "TEXT", json.dumps(value, ensure_ascii=False), "PARSE_JSON(?)"


def _shown(name: str) -> str:
    return name[1:-1].replace('""', '"') if name.startswith('"') else name
