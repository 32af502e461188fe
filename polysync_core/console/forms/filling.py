"""Converts a definition document to the raw text values of a form, with defaults."""

from __future__ import annotations

from polysync_core.console.forms.fields import (
    EMPTY,
    OTHER,
    Control,
    Flag,
    Group,
    Json,
    Pairs,
    Rows,
    Several,
    Text,
    ThreeState,
    Value,
)
from polysync_core.console.forms.raw import Raw, RawObject, parts_of
from polysync_core.console.forms.values import json_dumps, typed, value_text
from polysync_core.domain.errors import Malformed, Problem
from polysync_core.domain.json_types import JsonObject, JsonValue


def fill(group: Group, document: JsonObject) -> RawObject:
    """Return the raw values of a document, with defaults for absent fields."""
    raw: RawObject = {}
    values = {field.name: document.get(field.name, field.default) for field in group.fields}
    for field in group.fields:
        value = values[field.name]
        if isinstance(field.control, Text) and value == "":
            raw[field.name + EMPTY] = "true"
        raw[field.name] = _filled(typed(field.control, values), value)
    known = {field.name for field in group.fields}
    others = {name: value for name, value in document.items() if name not in known}
    if others:
        raw[OTHER] = _pairs(Pairs(value=Value()), others)
    return raw


def with_defaults(group: Group, raw: RawObject) -> RawObject:
    """Return raw values with the defaults of fields that a form did not send."""
    found = dict(raw)
    for field in group.fields:
        value = raw.get(field.name)
        if value is None:
            found[field.name] = _filled(field.control, field.default)
        elif isinstance(field.control, Group) and isinstance(value, dict):
            found[field.name] = with_defaults(field.control, value)
    return found


def with_known_rows(group: Group, raw: RawObject) -> RawObject:
    """Return raw values with a row for each known name.

    A row without a value whose name is not known any more is left out.
    """
    filled = dict(raw)
    for field in group.fields:
        if isinstance(field.control, Pairs) and field.control.known:
            filled[field.name] = _known_rows(field.control, raw.get(field.name))
    return filled


def _known_rows(pairs: Pairs, raw: Raw | None) -> Raw:
    rows = [row for row in raw if isinstance(row, dict)] if isinstance(raw, list) else []
    given = {str(row.get("name", "")): row for row in rows}
    known = [given.get(name, {"name": name, "value": ""}) for name in pairs.known]
    others = [row for row in rows if row.get("name") not in pairs.known and row.get("value")]
    return [*known, *others]


def empty_row(rows: Rows | Pairs) -> Raw:
    """Return the raw values of a new row."""
    if isinstance(rows, Pairs):
        return {"name": "", "value": ""}
    return _filled(rows.item.control, None)


def rows_at(group: Group, path: str) -> Rows | Pairs:
    """Return the list at a path such as `dependencies[0].mappings`; raises `Malformed`."""
    control: Control | None = group
    for part in parts_of(path):
        control = _inside(control, part)
    if not isinstance(control, Rows | Pairs):
        raise Malformed([Problem(path, "is not a list of this form: reload the page")])
    return control


def _inside(control: Control | None, part: str | int) -> Control | None:
    match control:
        case Rows(item=item) if isinstance(part, int):
            return item.control
        case Group() if part == OTHER:
            return Pairs(value=Value())
        case Group(fields=fields):
            return next((each.control for each in fields if each.name == part), None)
        case _:
            return None


def _filled(control: Control, value: JsonValue) -> Raw:
    match control:
        case Group():
            return fill(control, value if isinstance(value, dict) else {})
        case Several():
            entries = value if isinstance(value, list) else [] if value is None else [value]
            return [_text(each) for each in entries]
        case Rows():
            entries = value if isinstance(value, list) else []
            return [_filled(control.item.control, each) for each in entries]
        case Pairs():
            return _pairs(control, value if isinstance(value, dict) else {})
        case Flag() | ThreeState():
            return _text(value)
        case Json():
            return "" if value is None else json_dumps(value, indent=2)
        case Value():
            return "" if value is None else value_text(value, control.data_type)
        case _:
            return _text(value)


def _pairs(pairs: Pairs, entries: JsonObject) -> Raw:
    rows: list[Raw] = []
    for name in dict.fromkeys([*pairs.known, *entries]):
        row: RawObject = {"name": name, "value": ""}
        if name in entries:
            row["value"] = _pair_value(pairs.control_of(name), entries[name])
        if name in pairs.known and entries.get(name) == "":
            row |= {"value": "", "value" + EMPTY: "true"}
        rows.append(row)
    return rows


def _pair_value(control: Control, value: JsonValue) -> Raw:
    if isinstance(control, Value):
        return value_text(value, control.data_type)
    return _filled(control, value)


def _text(value: JsonValue) -> str:
    if value is None:
        return ""
    return value if isinstance(value, str) else json_dumps(value)
