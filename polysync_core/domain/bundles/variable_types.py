"""Defines the data types of bundle variables, and converts values to these types."""

from __future__ import annotations

import json
import math
import re
from collections.abc import Callable, Mapping
from enum import StrEnum
from typing import cast

from polysync_core.domain.json_types import JsonValue

_INT = re.compile(r"[+-]?[0-9]{1,18}")
_BOOLS: Mapping[str, bool] = {"true": True, "false": False}


class VariableType(StrEnum):
    """The type of the value of a variable."""

    STRING = "String"
    INT = "Int"
    FLOAT = "Float"
    BOOL = "Bool"
    JSON = "Json"
    JSON_ARRAY = "JsonArray"

    @classmethod
    def of(cls, value: JsonValue) -> VariableType | None:
        """Return the type of a value; None has no type."""
        return None if value is None else _TYPES[type(value)]


def converted(value: JsonValue, wanted: VariableType) -> JsonValue:
    """Return the value in its type; a text of the command line is read.

    Raises:
        ValueError: the value has another type.
    """
    return _CONVERSIONS[wanted](value)


def _string(value: JsonValue) -> JsonValue:
    if isinstance(value, dict | list):
        raise ValueError(value)  # noqa: TRY004 - the caller expects one class of error
    return value if isinstance(value, str) else json.dumps(value)


def _int(value: JsonValue) -> JsonValue:
    if isinstance(value, str) and _INT.fullmatch(value):
        return int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise ValueError(value)


def _float(value: JsonValue) -> JsonValue:
    number = float(value) if isinstance(value, str) else value
    if isinstance(number, bool) or not isinstance(number, int | float):
        raise ValueError(value)  # noqa: TRY004 - as above
    if not math.isfinite(number):
        raise ValueError(value)
    return number


def _bool(value: JsonValue) -> JsonValue:
    if isinstance(value, str) and value in _BOOLS:
        return _BOOLS[value]
    if isinstance(value, bool):
        return value
    raise ValueError(value)


def _json(expected: type) -> Callable[[JsonValue], JsonValue]:
    def convert(value: JsonValue) -> JsonValue:
        read = cast("JsonValue", json.loads(value)) if isinstance(value, str) else value
        if isinstance(read, expected):
            return read
        raise ValueError(value)

    return convert


_TYPES: Mapping[type, VariableType] = {
    str: VariableType.STRING,
    bool: VariableType.BOOL,
    int: VariableType.INT,
    float: VariableType.FLOAT,
    dict: VariableType.JSON,
    list: VariableType.JSON_ARRAY,
}
_CONVERSIONS: Mapping[VariableType, Callable[[JsonValue], JsonValue]] = {
    VariableType.STRING: _string,
    VariableType.INT: _int,
    VariableType.FLOAT: _float,
    VariableType.BOOL: _bool,
    VariableType.JSON: _json(dict),
    VariableType.JSON_ARRAY: _json(list),
}
