"""Converts parameter values to the JSON values or texts that a platform accepts.

| data type | JSON token | text (string-only job types, query, route) |
|---|---|---|
| `String` `Secret` | string | itself |
| `Int` `Float` | number | its digits, never an exponent |
| `Bool` | `true` `false` | `true` `false` |
| `Json` `JsonArray` | the value itself | JSON without spaces |

The values of a submit request already have their parameters' types. A secret is always text. It
is converted to its parameter's type here, just before it is sent.
"""

from __future__ import annotations

import json
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import TypeGuard, assert_never

from polysync_core.domain.definitions.jobs import DataType, Parameter
from polysync_core.domain.display_text import deceptive_character
from polysync_core.domain.errors import Invalid, Malformed, PlatformRefused
from polysync_core.domain.json_types import JsonObject, JsonValue
from polysync_core.domain.parameters import convert_literal
from polysync_core.domain.runs.failures.causes import FailureCause
from polysync_core.domain.security.secrets import Secret
from polysync_core.domain.strict_documents import read_json

type Values = Mapping[str, JsonValue | Secret]
"""The parameter values of a submit request."""

WHOLE_VALUE = "result"
"""The output for an exit value that is not a JSON object."""
INVALID_NAME = (
    "a parameter has a name that is too long or empty, or holds characters that are not shown: it"
    " is left out"
)
"""The note about a name that no parameter of a Job can have."""
_MAX_NAME_LENGTH = 255
_TEXTUAL = frozenset({DataType.STRING, DataType.SECRET})


def is_parameter_name(name: object) -> TypeGuard[str]:
    """Return whether a parameter of a Job can have a name."""
    return (
        isinstance(name, str)
        and 0 < len(name) <= _MAX_NAME_LENGTH
        and deceptive_character(name) is None
    )


def data_type_of(value: JsonValue) -> DataType:
    """Return the data type of a platform's default value; `String` if it is unknown."""
    match value:
        case bool():
            return DataType.BOOL
        case int():
            return DataType.INT
        case float():
            return DataType.FLOAT
        case dict():
            return DataType.JSON
        case list():
            return DataType.JSON_ARRAY
        case _:
            return DataType.STRING


def as_json(values: Values, schema: Iterable[Parameter]) -> JsonObject:
    """Return the values as JSON tokens, without those that are None.

    Raises `PlatformRefused` (cause `Parameters`) if a secret does not have its parameter's type.
    """
    types = {parameter.name: parameter.data_type for parameter in schema}
    return {
        name: _token(name, value, types.get(name, DataType.STRING))
        for name, value in values.items()
        if value is not None
    }


def as_texts(values: Values, schema: Iterable[Parameter]) -> dict[str, str]:
    """Return the values as texts, without those that are None."""
    types = {parameter.name: parameter.data_type for parameter in schema}
    return {
        name: text
        for name, value in values.items()
        if (text := value_as_text(value, types.get(name))) is not None
    }


def outputs_in(exit_value: str) -> JsonObject:
    """Return the outputs in the exit value of a notebook.

    A JSON object has one output per key; any other value is the output `result`. Raises `TooLarge`,
    and `Invalid` for an object with a value that cannot be stored.
    """
    try:
        value = read_json(exit_value.encode("utf-8", "surrogatepass"))
    except Malformed:
        value = exit_value
    return value if isinstance(value, dict) else {WHOLE_VALUE: exit_value}


def value_as_text(value: JsonValue | Secret, data_type: DataType | None) -> str | None:
    """Return the text of a parameter's value; None if it is not sent.

    | value            | text                                          |
    |------------------|-----------------------------------------------|
    | secret           | its value, revealed only here                 |
    | boolean          | `true` or `false`                             |
    | whole number     | its digits                                    |
    | other number     | digits and a point, never an exponent         |
    | list or object   | JSON without spaces, letters as they are      |
    | text             | itself; as JSON text where the type is `Json` |
    | none             | not sent; `null` where the type is `Json`     |
    """
    is_json = data_type in {DataType.JSON, DataType.JSON_ARRAY}
    match value:
        case Secret():
            return value.reveal()
        case None:
            return "null" if is_json else None
        case bool():
            return "true" if value else "false"
        case int():
            return str(value)
        case float():
            return format(Decimal(repr(value)), "f")
        case str():
            return _compact(value) if is_json else value
        case list() | dict():
            return _compact(value)
        case _:
            assert_never(value)


def _token(name: str, value: JsonValue | Secret, data_type: DataType) -> JsonValue:
    if not isinstance(value, Secret):
        return value
    if data_type in _TEXTUAL:
        return value.reveal()
    try:
        return convert_literal(value.reveal(), data_type, path=f"parameters.{name}")
    except Invalid as error:
        # The problem names the expected type and never the value.
        message = str(error)
    raise PlatformRefused(message, cause=FailureCause.PARAMETERS)


def _compact(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
