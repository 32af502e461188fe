"""Converts JSON values to the texts of form controls, and these texts to JSON.

A value of a parameter may be any JSON value. Quotes around a text may be left out unless the text
would be read as another value: `5` is a number and `"5"` is a text. For a parameter of the type
`String`, only a text in quotes is read as JSON.
"""

from __future__ import annotations

import json
import math
import re
from collections.abc import Mapping
from dataclasses import replace

from polysync_core.console.forms.fields import Control, Value
from polysync_core.domain.definitions.jobs import DataType
from polysync_core.domain.errors import Invalid, TooLarge
from polysync_core.domain.json_types import JsonValue
from polysync_core.domain.parameters import convert
from polysync_core.domain.strict_documents import read_json

_NUMBER = re.compile(r"-?(?:0|[1-9][0-9]{0,300})(?:\.[0-9]{1,300})?(?:[eE][+-]?[0-9]{1,3})?")
_WHOLE = re.compile(r"[+-]?[0-9]{1,300}")
_CONTROL = re.compile(r"[\x00-\x08\x0b-\x1f]")
"""The characters that a text area does not keep."""
_TEXTS = frozenset({DataType.STRING, DataType.SECRET})
_WORDS = frozenset({"true", "false", "null"})
_JSON_TYPES = frozenset({DataType.JSON, DataType.JSON_ARRAY})


def typed(control: Control, siblings: Mapping[str, object]) -> Control:
    """Return the control of a value with the type that a sibling names."""
    if not isinstance(control, Value) or control.typed_by is None:
        return control
    name = siblings.get(control.typed_by)
    known = next((each for each in DataType if each == name), None)
    return replace(control, data_type=known)


class Unreadable(ValueError):
    """The text of a control is not a value; the message says why."""


def value_text(value: JsonValue, data_type: DataType | None = None) -> str:
    """Return the text of a value, without quotes where they are not needed.

    A parameter that takes a text shows any other value as the text that a run sends.
    """
    if data_type in _TEXTS and not isinstance(value, str):
        return str(convert(value, DataType.STRING, path=""))
    if isinstance(value, str):
        return value if _reads_as(value, value, data_type) else json_dumps(value)
    return json_dumps(value, indent=2 if isinstance(value, dict | list) else None)


def read_value(text: str, data_type: DataType | None = None) -> JsonValue:
    """Return the value of a text that is not blank, or raise `Unreadable`."""
    stripped = text.strip()
    if stripped.startswith('"') and stripped.endswith('"') and len(stripped) > 1:
        try:
            return read_json_text(stripped)
        except Unreadable:
            return text
    if data_type in _TEXTS:
        return text
    is_literal = stripped in _WORDS or _NUMBER.fullmatch(stripped) is not None
    if is_literal or stripped[:1] in {"{", "["}:
        return read_json_text(stripped)
    return text


def read_json_text(text: str) -> JsonValue:
    """Return the value of a JSON text, or raise `Unreadable` with line and column."""
    try:
        return read_json(text.encode("utf-8", "surrogatepass"))
    except (Invalid, TooLarge) as error:
        raise Unreadable(f"is {error}" if str(error).startswith("not ") else str(error)) from error


def read_number(text: str, *, is_whole: bool) -> JsonValue:
    """Return the number of a text; a text that is not a number stays, and the model refuses it."""
    stripped = text.strip()
    if _WHOLE.fullmatch(stripped):
        return int(stripped)
    if is_whole or _NUMBER.fullmatch(stripped) is None:
        return stripped
    number = float(stripped)
    return number if math.isfinite(number) else stripped


def json_dumps(value: JsonValue, indent: int | None = None) -> str:
    """Return JSON without escapes for letters beyond ASCII."""
    return json.dumps(value, ensure_ascii=False, indent=indent)


def needs_area(data_type: DataType | None) -> bool:
    """Return whether values of a type usually have several lines."""
    return data_type in _JSON_TYPES


def _reads_as(text: str, value: str, data_type: DataType | None) -> bool:
    if not text.strip() or _CONTROL.search(text):
        return False
    try:
        return read_value(text, data_type) == value
    except Unreadable:
        return False
