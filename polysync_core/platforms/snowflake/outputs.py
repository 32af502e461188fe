"""Reads the result of a procedure: one returned value, or the rows of a table."""

from __future__ import annotations

import json
from collections.abc import Mapping

from polysync_core.domain.json_types import JsonObject, JsonValue, object_in, text_in
from polysync_core.platforms.snowflake.client import table_of

RETURN_VALUE = "return_value"
_STRUCTURED = frozenset({"variant", "object", "array", "map", "vector"})
_MOST_ROWS = 1000


def outputs_of(answer: JsonObject) -> Mapping[str, JsonValue]:
    """Return the outputs in the result of a call.

    The members of an object become outputs. A procedure that returns a table has the outputs
    `rows` (of the first part of the result) and `row_count`.
    """
    columns, rows = table_of(answer)
    if len(columns) == 1 and len(rows) == 1 and len(rows[0]) == 1:
        value = _value(columns[0], rows[0][0])
        return value if isinstance(value, dict) else {RETURN_VALUE: value}
    count = object_in(answer, "resultSetMetaData").get("numRows")
    names = [text_in(column, "name") for column in columns]
    shown: list[JsonValue] = [
        {
            name: _value(column, value)
            for name, column, value in zip(names, columns, row, strict=False)
        }
        for row in rows[:_MOST_ROWS]
    ]
    return {"row_count": count if isinstance(count, int) else len(rows), "rows": shown}


def _value(column: JsonObject, value: JsonValue) -> JsonValue:
    """Return a value with its type; Snowflake sends every value as text."""
    if not isinstance(value, str):
        return value
    kind, scale = text_in(column, "type").lower(), column.get("scale")
    try:
        if kind == "fixed":
            return float(value) if isinstance(scale, int) and scale > 0 else int(value)
        if kind in {"real", "float"}:
            return float(value)
        if kind in _STRUCTURED:
            return json.loads(value)
    except ValueError:
        return value
    return value.lower() in {"true", "1"} if kind == "boolean" else value
