"""Parameter values as the text that string-only job types take, and platform texts for people."""

from __future__ import annotations

import json
import unicodedata
from decimal import Decimal
from typing import assert_never

from polysync_core.domain.definitions.jobs import DataType
from polysync_core.domain.json import JsonValue
from polysync_core.domain.secrets import Secret

LONGEST_MESSAGE = 2000


def value_as_text(value: JsonValue | Secret, data_type: DataType | None) -> str | None:
    """Return the text of a parameter's value, or None where there is no value to send.

    | value            | text                                          |
    |------------------|-----------------------------------------------|
    | secret           | what it holds, shown here and nowhere else    |
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


def for_people(text: object) -> str | None:
    """Return a platform's text on one line and of bounded length; None where there is none."""
    if not isinstance(text, str):
        return None
    shown = "".join(
        character if unicodedata.category(character)[0] != "C" else " "
        for character in text[: LONGEST_MESSAGE * 2]
    )
    line = " ".join(shown.split())
    if len(line) > LONGEST_MESSAGE:
        line = line[: LONGEST_MESSAGE - 1] + "…"
    return line or None


def _compact(value: JsonValue) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"), allow_nan=False)
